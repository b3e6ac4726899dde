"""Our repitching compared with other methods.

It needs Debian's soundstretch: apt install soundstretch
"""

from __future__ import annotations

import subprocess
import tempfile
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import matplotlib as mpl
import numpy as np
import torch
from jaxtyping import Float
from matplotlib import pyplot as plt
from torchaudio.functional import phase_vocoder, resample

from hdemucs.audio import read, write
from hdemucs.automix.stretch import stretched as by_library
from hdemucs.data.stretch import stretched
from hdemucs.files import write_text

RATE, SECONDS = 44_100, 11.0
PITCHES = np.array([110, 220, 277.18, 329.63, 440, 880, 1760])  # Hz
LOUD = 8.0  # standard deviation of stems after normalisation
NEAR = 0.006  # relative distance in frequency: a tenth of a semitone
WIDTH = 0.21  # of a bar with its space; a group has four
CHANGES = [(0, 0.88), (0, 0.95), (0, 1.05), (0, 1.12), (-2, 1.0), (2, 1.0), (-1, 1.07), (2, 0.91)]
INK = {
    "ours": "#0072b2",
    "python-stretch": "#56b4e9",
    "soundstretch": "#d55e00",
    "torchaudio": "#009e73",
}
STEMS = 4  # of an example, which ours changes together
WINDOW = 2048  # samples of the phase vocoder, as in librosa's and torchaudio's examples

Signal = Float[np.ndarray, "channel sample"]
Changer = Callable[[Signal, int, float], Signal]


def ours(signal: Signal, semitones: int, speed: float) -> Signal:
    return stretched(signal[None], RATE, semitones, speed)[0]


def library(signal: Signal, semitones: int, speed: float) -> Signal:
    """Signalsmith Stretch, which realistic mixes are made with."""
    return by_library(signal, RATE, semitones, speed)


def theirs(signal: Signal, semitones: int, speed: float) -> Signal:
    """The official method: 16-bit files and a process."""
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "in.wav", Path(folder) / "out.wav"
        write(source, signal, RATE)
        change = [f"-pitch={semitones}", f"-tempo={100 * (speed - 1):.6f}"]
        subprocess.run(
            ["soundstretch", str(source), str(target), *change], check=True, capture_output=True
        )
        return read(target)


def vocoder(signal: Signal, semitones: int, speed: float) -> Signal:
    """Torchaudio's phase vocoder for the tempo, and its resampler for the pitch."""
    ratio = Fraction(2 ** (semitones / 12)).limit_denominator(200)
    window, hop = torch.hann_window(WINDOW), WINDOW // 4
    spectra = torch.stft(torch.from_numpy(signal), WINDOW, hop, window=window, return_complex=True)
    advance = torch.linspace(0, torch.pi * hop, WINDOW // 2 + 1)[:, None]
    slower = phase_vocoder(spectra, speed / float(ratio), advance)
    samples = torch.istft(slower, WINDOW, hop, window=window)
    return np.asarray(resample(samples, ratio.numerator, ratio.denominator))


def chord() -> Signal:
    """Steady partials of a chord, quiet enough for 16 bits."""
    clock = np.arange(int(SECONDS * RATE)) / RATE
    mono = sum(np.sin(2 * np.pi * p * clock + p) for p in PITCHES) / 20
    return np.stack([mono, mono]).astype(np.float32)


def clicks() -> Signal:
    """A short burst every half second."""
    out = np.zeros((2, int(SECONDS * RATE)), np.float32)
    burst = 0.5 * np.hanning(64) * np.sin(np.arange(64))
    for start in range(RATE // 2, out.shape[1] - RATE // 4, RATE // 2):
        out[:, start : start + 64] = burst
    return out


def spectral_purity(signal: Signal, semitones: int) -> float:
    """DB of the chord's partials over everything else, in the middle of the signal."""
    middle = signal[0, 2 * RATE : 8 * RATE].astype(np.float64)
    power = np.abs(np.fft.rfft(middle * np.blackman(len(middle)))) ** 2
    frequencies = np.fft.rfftfreq(len(middle), 1 / RATE)
    pitches = PITCHES * 2 ** (semitones / 12)
    near = (np.abs(frequencies[:, None] / pitches - 1) < NEAR).any(1)
    return float(10 * np.log10(power[near].sum() / power[~near].sum()))


def timing(signal: Signal, speed: float) -> tuple[float, float]:
    """Of the clicks: median error of their times in ms, and share of energy within 5 ms of them in
    dB.
    """
    envelope = signal[0].astype(np.float64) ** 2
    places = [int(s / speed) for s in range(RATE // 2, int(SECONDS * RATE) - RATE // 4, RATE // 2)]
    errors, kept = [], 0.0
    for place in places[1:-1]:
        near = envelope[place - RATE // 10 : place + RATE // 10]
        peak = int(near.argmax())
        errors.append(abs(peak - RATE // 10) / RATE * 1000)
        kept += near[max(0, peak - RATE // 200) : peak + RATE // 200].sum() / near.sum()
    return float(np.median(errors)), 100 * kept / len(places[1:-1])


def seconds(change: Callable[[], object]) -> float:
    """Seconds of one call: the best of three."""
    took = []
    for _ in range(3):
        start = time.perf_counter()
        change()
        took.append(time.perf_counter() - start)
    return min(took)


def cost(name: str, change: Changer) -> float:
    """Seconds for one stem of an example, 11 s of stereo."""
    if name == "ours":
        example = np.stack([chord()] * STEMS)
        return seconds(lambda: stretched(example, RATE, 1, 1.05)) / STEMS
    signal = chord()
    return seconds(lambda: change(signal, 1, 1.05))


def measured(change: Changer) -> list[tuple[float, float, float]]:
    """Purity, error of click times and sharpness of clicks, for every change."""
    return [
        (
            spectral_purity(change(chord(), semitones, speed), semitones),
            *timing(change(clicks(), semitones, speed), speed),
        )
        for semitones, speed in CHANGES
    ]


def figure(results: dict[str, list[tuple[float, float, float]]], place: Path) -> None:
    """Draw three rows of grouped bars."""
    mpl.rcParams.update({"svg.hashsalt": "hdemucs", "font.size": 9})
    titles = ("partials over the rest, dB", "clicks out of place, ms", "energy within 5 ms, %")
    chart, axes = plt.subplots(3, 1, figsize=(7, 6.5), layout="constrained", sharex=True)
    for row, (axis, title) in enumerate(zip(axes, titles, strict=True)):
        for side, (name, values) in enumerate(results.items()):
            places = np.arange(len(CHANGES)) + WIDTH * side
            axis.bar(places, [v[row] for v in values], 0.9 * WIDTH, label=name, color=INK[name])
        axis.set_title(title, loc="left")
        axis.spines[["top", "right"]].set_visible(False)
    chart.legend(
        *axes[0].get_legend_handles_labels(), frameon=False, ncols=4, loc="outside upper right"
    )
    labels = [f"{semitones:+d} st\n{100 * (speed - 1):+.0f} %" for semitones, speed in CHANGES]
    axes[-1].set_xticks(np.arange(len(CHANGES)) + 1.5 * WIDTH, labels)
    chart.savefig(place, metadata={"Date": None})


def arguments(_parser: ArgumentParser) -> None:
    """No options."""


def make(_asked: Namespace, page: Path) -> None:
    """Measure everything and write the page."""
    page.parent.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    ways = (ours, library, theirs, vocoder)
    changers: dict[str, Changer] = dict(zip(INK, ways, strict=True))
    results = {name: measured(change) for name, change in changers.items()}
    costs = {name: cost(name, change) for name, change in changers.items()}
    figure(results, page.with_suffix(".svg"))
    rows = [
        f"| {name} | {np.mean([v[0] for v in values]):.1f} | {np.mean([v[1] for v in values]):.1f}"
        f" | {np.mean([v[2] for v in values]):.0f} | {SECONDS / costs[name]:.0f} |"
        for name, values in results.items()
    ]
    clipped = theirs(LOUD * chord(), 0, 1.05)
    loud = ours(LOUD * chord(), 0, 1.05)
    numbers = {
        "rows": "\n".join(rows),
        "changes": len(CHANGES),
        "ratio": costs["soundstretch"] / costs["ours"],
        "library": costs["python-stretch"] / costs["ours"],
        "theirs": np.abs(clipped).max(),
        "ours": np.abs(loud).max(),
        "sent": np.abs(LOUD * chord()).max(),
    }
    write_text(page, PAGE.format(**numbers))


PAGE = """# Repitch: waveform-similarity overlap-add beside three other ways

The official code writes each stem to a 16-bit file, clipped at 0.99, and calls Debian's
`soundstretch`. Ours joins pieces of the stems in memory where their waveforms fit (Verhelst and
Roelands, 1993), as `soundstretch` does, all stems of an example together, after resampling for the
pitch (`hdemucs/data/stretch.py`). `python-stretch` (Signalsmith Stretch, MIT) is a phase vocoder in
blocks; realistic mixes are made with it. Of the other libraries that need no binary, pedalboard
0.9.26 and pylibrb 0.1.2 (Rubber Band) and pytsmod 0.3.8 are under the GPL, which this project does
not use; audiotsm 0.1.2 (MIT) has had no release since 2017; librosa 0.11 (ISC) and torchaudio (BSD)
have the plain phase vocoder, and here is torchaudio's, with its resampler. Made once by
`hdemucs bench repitch`, on {changes} changes of pitch and tempo that the paper's
augmentation can draw, for a chord of seven steady partials and for a train of clicks.

| | partials, dB | clicks out of place, ms | energy within 5 ms, % | times real time |
|---|---|---|---|---|
{rows}

![The same, change by change](repitch.svg)

- **Pitch**: what is not one of the chord's partials is an artefact; higher is cleaner.
- **Time**: places are compared with where the tempo puts each click. Within a frame of 46 ms,
  pieces keep the input's own time, so a click moves by a few milliseconds, as by `soundstretch`.
- **The phase vocoders** are about as clean on steady tones; the plain one moves and smears what is
  struck.
- **Cost**: on one core, of one stereo stem of 11 s. `soundstretch`, files and process included,
  takes {ratio:.1f} times as long as ours, `python-stretch` {library:.1f} times. A fifth of the
  examples is changed, by the workers that read them.
- **Level**: of a chord of peak {sent:.2f}, soundstretch's way keeps {theirs:.2f}, ours {ours:.2f}:
  normalised stems are not clipped (official demucs/repitch.py writes 16-bit files).

What was tried: `python-stretch` with fewer and shorter blocks is up to 2.6 times as fast, but its
partials fall from 26.9 dB to 18.4 dB (its own cheaper setting) and 9 dB; frames of 60 and 90 ms
rather than 46 ms: partials up to 1 dB cleaner, clicks 5.4 and 6.3 ms out of place rather than 4.1.

What it does not say: how much either changes a model's SDR. All do to the training data what the
paper asks for; nobody has measured the difference.
"""
