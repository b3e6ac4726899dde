"""Analysis of the answers: cleaned, screened, described and compared, all with intervals"""
