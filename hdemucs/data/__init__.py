"""Songs on disk: what there is, whether it is whole, and segments of it."""
