"""Mixes of stems from different songs in one tempo, key and beat: data for fine-tuning"""
