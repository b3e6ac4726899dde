"""Metrics of how near an estimate is to its reference: arrays in, decibels out"""
