"""The folder that listeners and experimenters get."""
