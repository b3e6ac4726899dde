"""Listening tests: excerpts, stimuli, sessions, a page to take them on, and what answers say."""
