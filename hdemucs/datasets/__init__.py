"""Data sets that are obtained, checked and recorded: MUSDB18-HQ, the embedded corpus, own songs"""
