"""Separation of whole songs, in overlapping segments"""
