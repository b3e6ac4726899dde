"""A page for readers that plays systems' estimates of the excerpts, with the systems' names"""
