"""The stimuli: references, anchors and systems with levels and blind names; and the sessions"""
