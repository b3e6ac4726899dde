"""Figures for print and screen, told apart by place, shape and lightness before colour."""
