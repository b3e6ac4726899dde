"""The official demucs package's checkpoints, in and out."""
