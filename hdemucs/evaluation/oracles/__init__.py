"""Floors and ceilings: estimates made by rule, from the mixture or with knowledge of the stems."""
