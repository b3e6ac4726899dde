"""Songs on disk: which there are, whether they are complete, and segments of them"""
