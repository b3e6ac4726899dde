"""The real content of sound files: WAV read by position, everything else decoded whole"""
