"""The embedded corpus compared with MUSDB18: how hard, varied and loud its songs are.

The songs have the quick scale's length and rate, and seeds to which no level was fitted
(hdemucs/corpus/balance.py). MUSDB18's numbers are the rows of SiSEC 2018, by the same rules.
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np
from jaxtyping import Float

from hdemucs.bounded import whole
from hdemucs.config.corpus import CorpusConfig
from hdemucs.corpus.mixer import FULL
from hdemucs.corpus.mixer import Stems as Rendered
from hdemucs.corpus.plan import Plan
from hdemucs.corpus.soundfont import locate
from hdemucs.corpus.track import rendered
from hdemucs.evaluation.aggregation import median
from hdemucs.evaluation.oracles import static
from hdemucs.evaluation.oracles.estimate import STATIC, Fitted, estimate
from hdemucs.evaluation.oracles.spectra import Sound
from hdemucs.files import write_text
from hdemucs.loudness import loudness
from hdemucs.metrics.sdr import sdr
from hdemucs.progress import track
from hdemucs.report.published import published
from hdemucs.study.effective import read, stages
from hdemucs.study.params import read_params

SOURCES = ("drums", "bass", "other", "vocals")
FIRST = 31  # first seed; levels were fitted to songs of the seeds 11 to 15 and 21 to 25
ACTIVE = -60.0  # dBFS RMS of a second, above which a source counts as active
QUARTER = "mixture-quarter"
LABELS = {
    QUARTER: "Mixture / 4",
    STATIC: "Static Wiener filter",
    "ibm": "Ideal binary mask",
    "irm-magnitude": "Ideal ratio mask, magnitude",
    "irm-power": "Ideal ratio mask, power",
    "mwf": "Multichannel Wiener filter",
}
ALIKE = (QUARTER, STATIC, "irm-power")

Values = Float[np.ndarray, "song source"]
Stems = Mapping[str, Sound]


@dataclass(frozen=True)
class Measured:
    """All songs: scores by estimate in dB; loudness relative to the mixture in LU; shares of
    seconds.
    """

    seeds: list[int]  # of each song
    scores: dict[str, Values]
    levels: Values
    active: Values
    scored: float  # share of frames that have a score
    loudness: float  # median of the mixtures, LUFS


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--seeds", type=whole(2, 100), default=10, help="(%(default)s)")
    parser.add_argument("--songs", type=whole(1, 100), default=8, help="of each (%(default)s)")


def make(asked: Namespace, page: Path) -> None:
    """Compose, mix and measure the songs, and write the page."""
    base = stages(read(read_params(Path("params.yaml"))), "quick")
    corpus = base["fetch"]["data"]["corpus"] | {"sample_rate": base["fetch"]["sample_rate"]}
    config = CorpusConfig(**corpus)
    found = measured(config, base["evaluate"]["oracles"]["window"], asked.seeds, asked.songs)
    write_text(page, "\n".join(lines(found, config)) + "\n")


def measured(config: CorpusConfig, window: int, seeds: int, songs: int) -> Measured:
    """Measure test songs of some seeds; their static filters are fitted to all other seeds'."""
    font, rate = locate(config.soundfont).path, config.sample_rate
    places = list(product(range(FIRST, FIRST + seeds), range(songs)))
    made = [rendered(Plan(seed, "test", i), config, font) for seed, i in track(places, "songs")]
    powers = [static.powers(sounds(song)[1], window) for song in made]
    rows, levels, shares, mixtures = [], [], [], list[float]()
    for (seed, _), song in zip(track(places, "estimates"), made, strict=True):
        mixture, stems = sounds(song)
        others = [p for p, (other, _) in zip(powers, places, strict=True) if other != seed]
        rows.append(frames_of(mixture, stems, Fitted(window, static.fit(others)), rate))
        mixtures.append(loudness(mixture, rate))
        levels.append([loudness(stem, rate) - mixtures[-1] for stem in stems.values()])
        shares.append(active(stems, rate))
    return Measured(
        seeds=[seed for seed, _ in places],
        scores={n: np.array([[median(s) for s in row[n]] for row in rows]) for n in LABELS},
        levels=np.array(levels),
        active=np.array(shares),
        scored=float(np.mean([~np.isnan(row[QUARTER]) for row in rows])),
        loudness=float(np.median(mixtures)),
    )


def sounds(song: Rendered) -> tuple[Sound, Stems]:
    """A song's mixture and stems, float32 [channel, sample]."""
    floats = {name: samples.astype(np.float32) / np.float32(FULL) for name, samples in song.items()}
    return floats["mixture"], {source: floats[source] for source in SOURCES}


def frames_of(
    mixture: Sound, stems: Stems, fitted: Fitted, rate: int
) -> dict[str, Float[np.ndarray, "source frame"]]:
    """SDR of every estimate in frames of one second."""
    references = np.stack(list(stems.values()))
    estimates = {name: estimate(name, mixture, stems, fitted) for name in LABELS}
    return {
        name: sdr(references, np.stack([made[source] for source in stems]), rate, rate)
        for name, made in estimates.items()
    }


def active(stems: Stems, rate: int) -> list[float]:
    """For each source, the share of whole seconds in which it is active."""
    shares = []
    for sound in stems.values():
        seconds = sound[:, : sound.shape[1] // rate * rate].reshape(len(sound), -1, rate)
        power = np.square(seconds, dtype=np.float64).mean(axis=(0, 2))
        shares.append(float((power > 10 ** (ACTIVE / 10)).mean()))
    return shares


def lines(found: Measured, config: CorpusConfig) -> Iterator[str]:
    """The lines of the page."""
    seeds = sorted(set(found.seeds))
    yield "# The embedded corpus beside MUSDB18\n"
    yield (
        f"{len(found.seeds)} test songs of {config.seconds:g} s at {config.sample_rate} Hz, "
        f"{len(found.seeds) // len(seeds)} of each of the seeds {seeds[0]} to {seeds[-1]}; no "
        "level was fitted to any of them. SDR of BSSEval v4, dB, frames of 1 s; a song's score is "
        "the median of its frames. Made by `hdemucs bench corpus`.\n"
    )
    yield from difficulty(found.scores)
    yield from variety(found, seeds)
    yield from loudnesses(found)
    yield NOTES


def difficulty(scores: Mapping[str, Values]) -> Iterator[str]:
    yield "## How hard it is\n"
    yield (
        "SiSEC 2018 (arXiv 1804.06267, sigsep/sigsep-mus-2018): medians of the 50 MUSDB18 test "
        "tracks. In brackets: from the 10th to the 90th percentile of songs.\n"
    )
    yield from headed("estimate", "data")
    theirs = {name: row for name in LABELS if (row := published().get(f"O/{name}"))}
    for name, label in LABELS.items():
        if name in theirs:
            yield line(label, "SiSEC 2018", [signed(theirs[name].scores[s]) for s in SOURCES])
        yield line("" if name in theirs else label, "here", spans(scores[name]))
    floor: dict[str, float] = {}
    ideal: dict[str, float] = {}
    for name, row in theirs.items():
        medians = np.nanmedian(scores[name], axis=0).tolist()
        for source, ours in zip(SOURCES, medians, strict=True):
            kind = floor if name == QUARTER else ideal
            kind[f"{source}, {LABELS[name]}"] = ours - row.scores[source]
    yield (
        f"\nFurthest from SiSEC 2018: {worst(floor)}; of the oracles, {worst(ideal)}. The static "
        "filter of a seed's songs is fitted to the songs of the other seeds; SiSEC 2018 has none.\n"
    )


def variety(found: Measured, seeds: list[int]) -> Iterator[str]:
    count = len(found.seeds)
    yield "## How alike songs are\n"
    yield (
        "The standard deviation between songs; the standard error of the median of all "
        f"{count} songs (1.25 standard deviations over the root of {count}, as for normal scores); "
        f"the range of the medians that the seeds' sets of {count // len(seeds)} songs have. "
        "Systems are compared on the same songs, so that most of this cancels; corpora are not.\n"
    )
    yield from headed("estimate", "spread")
    for name in ALIKE:
        scores = found.scores[name]
        deviations = np.nanstd(scores, axis=0, ddof=1)
        yield line(LABELS[name], "between songs", [signed(value) for value in deviations])
        errors = np.sqrt(np.pi / 2 / count) * deviations
        yield line("", "error of the median", [signed(value) for value in errors])
        medians = np.array([np.nanmedian(scores[np.equal(found.seeds, s)], axis=0) for s in seeds])
        ends = zip(medians.min(0), medians.max(0), strict=True)
        yield line("", "medians of sets", [f"{signed(a)} to {signed(b)}" for a, b in ends])


def loudnesses(found: Measured) -> Iterator[str]:
    yield "\n## Levels\n"
    yield from headed("measure", "unit")
    yield line("loudness beside the mixture's", "LU", spans(found.levels, 1))
    shares = [f"{100 * share:.0f}" for share in found.active.mean(axis=0)]
    yield line(f"seconds in which it sounds (over {signed(ACTIVE, 0)} dBFS)", "%", shares)
    yield (
        f"\nA mixture has {signed(found.loudness, 1)} LUFS (median). {100 * found.scored:.0f} % of "
        "frames have a score: BSSEval has none where any source is silent.\n"
    )


NOTES = """## What was calibrated, and what was not

`hdemucs/corpus/balance.py` holds every number that was fitted, and what it was fitted to.

- Levels: the mean level of each source, so that the mixture / 4 scores as on MUSDB18. That score
  depends on nothing but a source's share of the power, second by second.
- Drums: a lasting room, louder cymbals and more compression. Dry samples left the other sources
  alone between strokes, so that ideal masks found drums far easier than on MUSDB18.
- Left as it was: how levels vary from song to song (the medians that were fitted to do not say
  it), who plays when, and the timbres of bass, other and vocals. Where ideal masks still score
  above SiSEC 2018's, the likely reason is that strokes and syllables are cleaner than recorded
  ones: nothing was blurred to hide that.
- Songs are sampled and synthesised. Being as hard for a mask does not make them like recordings,
  and scores here are no estimate of scores on MUSDB18."""


def headed(*columns: str) -> Iterator[str]:
    yield f"| {' | '.join((*columns, *SOURCES))} |"
    yield f"|{'---|' * len(columns)}{'---:|' * len(SOURCES)}"


def line(first: str, second: str, cells: list[str]) -> str:
    return f"| {first} | {second} | {' | '.join(cells)} |"


def spans(values: Values, digits: int = 2) -> list[str]:
    """For each source: the median, and the 10th and 90th percentile."""
    cuts = np.nanpercentile(values, (50, 10, 90), axis=0).T
    return [
        f"{signed(middle, digits)} ({signed(low, 1)} to {signed(high, 1)})"
        for middle, low, high in cuts.tolist()
    ]


def worst(differences: Mapping[str, float]) -> str:
    """The largest difference in words."""
    what, value = max(differences.items(), key=lambda item: abs(item[1]))
    return f"{what} by {'+' if value > 0 else ''}{signed(value)} dB"


def signed(value: float, digits: int = 2) -> str:
    return f"{value:.{digits}f}".replace("-", "\N{MINUS SIGN}")
