"""What is heard: references, anchors and systems, levelled, blind, and who hears which."""
