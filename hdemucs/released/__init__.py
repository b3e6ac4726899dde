"""Models that others published: obtained, checked and imported without running their code"""
