"""Floors and ceilings: estimates that are computed from the mixture, or from the true stems"""
