"""Sound files in every form that programs leave them in, made by ffmpeg where soundfile cannot."""

import subprocess

import numpy as np
import pytest
import soundfile

from hdemucs.formats import ffmpeg

RATE = 16_000


def run_ffmpeg(*words, **kinds):
    command = [ffmpeg.program(), "-y", "-v", "error", "-nostdin", *map(str, words)]
    return subprocess.run(command, check=True, capture_output=True, **kinds).stdout


def samples_by_ffmpeg(path, channels=2):
    """Everything that ffmpeg decodes, [channel, sample]."""
    raw = run_ffmpeg("-i", path, "-map", "0:a:0", "-c:a", "pcm_f32le", "-f", "f32le", "-")
    return np.frombuffer(raw, np.float32).reshape(-1, channels).T


@pytest.fixture(scope="session")
def loud_end(tmp_path_factory):
    """A song that is quiet and then loud: the first frames of a variable rate say little of it."""
    rng = np.random.default_rng(0)
    x = np.concatenate([1e-3 * rng.normal(size=(4 * RATE, 2)), 0.2 * rng.normal(size=(RATE, 2))])
    path = tmp_path_factory.mktemp("song") / "song.wav"
    soundfile.write(path, x, RATE)
    return path
