"""A page that plays what systems made of the excerpts, by name: for readers, not for listeners."""
