"""Listening tests: excerpts, stimuli, sessions, the page for taking them, and their analysis"""
