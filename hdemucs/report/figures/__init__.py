"""Figures for print and screen, readable by position, shape and lightness without colour"""
