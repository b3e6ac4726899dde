"""Models that others published: obtained, checked, imported without running their code."""
