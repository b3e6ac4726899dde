"""A whole song through a model, in overlapping segments."""
