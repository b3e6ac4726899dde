"""Listeners' answers: their form, where they are stored, and the formats of other software"""
