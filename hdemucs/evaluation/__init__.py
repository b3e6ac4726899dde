"""Scoring of systems and oracles against references, track by track"""
