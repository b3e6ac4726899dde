"""Hybrid Demucs and its relatives: trained, scored, compared and listened to."""
