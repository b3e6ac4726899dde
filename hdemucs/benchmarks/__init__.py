"""Timing and coverage pages: each module measures one thing and writes one page."""
