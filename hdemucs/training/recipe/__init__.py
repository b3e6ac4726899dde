"""The parts of a recipe that a configuration chooses by `kind`: one module for each kind."""
