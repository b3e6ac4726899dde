"""The embedded corpus: songs composed, sung, played and mixed from a seed."""
