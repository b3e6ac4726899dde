"""Small spectrograms of one track, stored with its scores so that reports need no audio."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
from jaxtyping import Float, UInt8

from hdemucs.data.manifest import Track
from hdemucs.errors import UserError
from hdemucs.files import replacing

NAME = "spectrograms.png"  # in a system's folder; one source above the other
BANDS = 72  # logarithmic bands, from LOWEST to half the sample rate
COLUMNS = 360  # most time columns
LOWEST = 40.0  # Hz
WINDOW = 0.046  # seconds
FLOOR, CEILING = -90.0, -25.0  # dB of full scale that are shown as black and as white
WHITE = 255

Signal = Float[np.ndarray, "_ _"]  # [channel, sample]
Picture = UInt8[np.ndarray, "band _"]  # [band, column], the highest band first


def shown(tracks: Iterable[Track]) -> str:
    """The track that reports show in detail: the first by name."""
    return min(track.name for track in tracks)


def picture(signal: Signal, rate: int) -> Picture:
    """Power in dB by band and time, of all channels together."""
    from scipy.signal import stft  # takes half a second to import, and the report only reads

    size = 2 ** round(np.log2(WINDOW * rate))
    frequencies, _, spectrum = stft(signal.astype(np.float64), rate, nperseg=size)
    power = (np.abs(spectrum) ** 2).mean(0)
    edges = np.geomspace(LOWEST, rate / 2, BANDS + 1)
    last = len(frequencies) - 1
    first = np.clip(np.searchsorted(frequencies, edges[:-1]), 0, last)
    stop = np.maximum(np.searchsorted(frequencies, edges[1:]), first + 1)
    bands = np.stack([power[a:b].mean(0) for a, b in zip(first, stop, strict=True)])
    parts = np.array_split(bands, min(COLUMNS, bands.shape[1]), axis=1)
    columns = np.stack([part.mean(1) for part in parts], 1)
    level = 10 * np.log10(np.maximum(columns, 10 ** (FLOOR / 10)))
    grey = np.clip((level - FLOOR) / (CEILING - FLOOR), 0, 1)
    return np.round(WHITE * grey[::-1]).astype(np.uint8)


def save_pictures(path: Path, signals: Mapping[str, Signal], rate: int) -> None:
    """Write one PNG with one spectrogram per source; the same signals give the same bytes."""
    from matplotlib.image import imsave  # takes a quarter of a second to import

    stacked = np.concatenate([picture(signal, rate) for signal in signals.values()])
    coloured = np.repeat(stacked[..., None], 3, axis=-1)
    with replacing(path) as temporary:
        imsave(temporary, coloured, format="png", metadata={"Software": ""})


def load_pictures(path: Path) -> list[Picture]:
    """Read the sources' spectrograms, in their order in the file; empty if there is no file.

    Raises:
        UserError: the file is damaged.
    """
    if not path.exists():
        return []
    from matplotlib.image import imread

    try:
        stacked = np.round(WHITE * imread(path)[..., 0]).astype(np.uint8)
        return np.split(stacked, len(stacked) // BANDS)
    except (OSError, SyntaxError, ValueError, IndexError) as error:
        problem = f"is no picture of spectrograms ({error})"
        raise UserError(path, problem, "score the system again") from error
