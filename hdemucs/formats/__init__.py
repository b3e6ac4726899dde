"""What sound files really hold: WAV by position, everything else decoded to its end."""
