"""From estimates and references to kept scores, and from those to one number a system."""
