"""Building blocks that several families share, because they are the same thing in each"""
