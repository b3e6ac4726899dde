"""What the answers say: cleaned, screened, described, compared; every number with its interval."""
