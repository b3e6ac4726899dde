"""Studies kept in git: many systems trained for one question, from one file, by one command"""
