"""The official demucs package's checkpoints: reading and writing them."""
