"""The report: tables, figures, the verdict and their pages, all from stored scores and curves"""
