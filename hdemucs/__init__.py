"""Hybrid Demucs and its relatives: training, evaluation, comparison and listening tests"""
