"""The number of channels of a signal, and its conversion to another number.

More than two channels are mixed to stereo by ITU-R BS.775-3, annex 4, table 2:
L' = L + 0.7071 C + 0.7071 Ls, and R' likewise; the low-frequency channel is left out. Back and side
surround channels are treated alike; a single surround channel goes to both sides, at half its
amplitude. Mono is copied to every channel; the mean of stereo becomes mono.
"""

from __future__ import annotations

import math

import numpy as np
from jaxtyping import Float32

from hdemucs.errors import UserError

Signal = Float32[np.ndarray, "channel sample"]

# The loudspeakers in the order of dwChannelMask's bits (Microsoft, WAVEFORMATEXTENSIBLE).
SPEAKERS = ("FL", "FR", "FC", "LFE", "BL", "BR", "FLC", "FRC", "BC", "SL", "SR")
STEREO = 2
HALF = math.sqrt(0.5)
LEFT = {"FL": 1.0, "FC": HALF, "BL": HALF, "SL": HALF, "BC": 0.5, "LFE": 0.0}
RIGHT = {"FR": 1.0, "FC": HALF, "BR": HALF, "SR": HALF, "BC": 0.5, "LFE": 0.0}

# Layouts of files that do not say, where all formats agree: RFC 9639 (FLAC), 9.1.3, as in ffmpeg.
USUAL = {
    1: ("FC",),
    2: ("FL", "FR"),
    5: ("FL", "FR", "FC", "BL", "BR"),
    6: ("FL", "FR", "FC", "LFE", "BL", "BR"),
    7: ("FL", "FR", "FC", "LFE", "BC", "SL", "SR"),
    8: ("FL", "FR", "FC", "LFE", "BL", "BR", "SL", "SR"),
}
KNOWN = {3: 0x7, 4: 0x33}  # masks of 3 and 4 channels in FLAC, Vorbis and Opus

# The order of these channels in Vorbis and Opus (Vorbis I, 4.3.9; RFC 7845, 5.1.1.2).
VORBIS = {
    3: (0, 2, 1),
    5: (0, 2, 1, 3, 4),
    6: (0, 2, 1, 5, 3, 4),
    7: (0, 2, 1, 6, 5, 3, 4),
    8: (0, 2, 1, 7, 5, 6, 3, 4),
}


def layout(channels: int, mask: int) -> tuple[str, ...] | None:
    """The loudspeaker of each channel by the mask, else the usual one; None if neither says."""
    named = tuple(name for bit, name in enumerate(SPEAKERS) if mask >> bit & 1)
    if mask and mask >> len(SPEAKERS) == 0 and len(named) == channels:
        return named
    return USUAL.get(channels) if mask == 0 else None


def converted(
    path: object, signal: Signal, wanted: int, mask: int = 0
) -> Float32[np.ndarray, "{wanted} sample"]:
    """Convert the signal of a file to `wanted` channels.

    Raises:
        UserError: there is no rule to get from these loudspeakers or channels to `wanted`.
    """
    if len(signal) == wanted:
        return signal
    if len(signal) == 1:
        return np.repeat(signal, wanted, axis=0)
    names = layout(len(signal), mask)
    if wanted > STEREO or names is None or not set(names) <= LEFT.keys() | RIGHT.keys():
        problem = f"has {len(signal)} channels where {wanted} are expected"
        raise UserError(path, problem, "mix it down to stereo or mono")
    matrix = np.array([[side.get(n, 0.0) for n in names] for side in (LEFT, RIGHT)], np.float32)
    stereo = signal if len(signal) == STEREO else matrix @ signal
    return stereo if wanted == STEREO else stereo.mean(axis=0, keepdims=True)


def said(given: int, wanted: int) -> str:
    """The text about a conversion that loses something; empty if it loses nothing."""
    if given <= wanted:
        return ""
    mono = "the mean of its channels" if wanted == 1 else ""
    if given == STEREO:
        return f"stereo goes to mono as {mono}"
    return f"{given} channels go to stereo by ITU-R BS.775" + (
        f", to mono as {mono}" * (wanted == 1)
    )
