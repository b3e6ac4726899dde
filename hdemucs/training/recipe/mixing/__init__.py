"""How the examples of a batch come about"""
