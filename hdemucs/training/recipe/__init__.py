"""What differs between recipes: parts that a configuration chooses by `kind`, a module each."""
