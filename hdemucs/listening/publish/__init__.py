"""The folder for listeners and experimenters"""
