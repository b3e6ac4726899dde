"""LaSAFT: one conditioned U-Net for all sources, with attention over latent sources"""
