"""The embedded corpus: songs that are composed, sung, played and mixed from a seed"""
