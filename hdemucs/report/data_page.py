"""reports/data.md: a page about the data's content and the problems found in it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from hdemucs.data.manifest import MIXTURE, Manifest, Track
from hdemucs.data.musdb18 import known
from hdemucs.datasets.remarks import remarks
from hdemucs.datasets.summary import SPLITS, hours
from hdemucs.files import write_text
from hdemucs.report.figures import style
from hdemucs.report.figures.data import overview
from hdemucs.tables import grid, plain

FIGURE = "data"


def write_data_report(manifest: Manifest, residual: float, folder: Path) -> None:
    """Write `folder`/data.md and `folder`/figures/data.{svg,png}, from the manifest only."""
    with style.styled():
        style.save(overview(manifest), folder / "figures", FIGURE)
    write_text(folder / "data.md", "\n".join(lines(manifest, residual)) + "\n")


def lines(manifest: Manifest, residual: float) -> Iterator[str]:
    """The lines of the page."""
    identity = known(manifest)
    yield f"# Data: {identity.name}\n"
    if identity.basis:
        yield f"Recognised by {identity.basis}.\n"
    yield (
        f"{len(manifest.tracks)} tracks, {hours(manifest.tracks)}, {manifest.sample_rate} Hz, "
        f"{manifest.channels} channels; sources: {', '.join(manifest.sources)}.\n"
    )
    yield from table(("split", "tracks", "length", *manifest.sources, "mixture"), totals(manifest))
    yield "\nBy source: mean loudness in LUFS (BS.1770-4) and share of active seconds.\n"
    yield f"![Durations, loudness and activity of the stems](figures/{FIGURE}.svg)\n"
    yield "## Found\n"
    found = [f"- `{f.subject or '.'}`: {f.problem}; {f.cure}" for f in remarks(manifest, residual)]
    yield "\n".join(found or ["Nothing odd."])
    yield (
        "\nEvery file was read: rate, channels, equal lengths, finite samples, checksums. "
        f"Mixture and sum of stems may differ by {residual:g} of full scale without a remark.\n"
    )
    yield "## Tracks\n"
    head = ("track", "split", "seconds", "mixture LUFS", "peak", "mixture less sum")
    active = tuple(f"{source} active" for source in manifest.sources)
    yield from table((*head, *active), (row(track, manifest.sources) for track in manifest.tracks))


def totals(manifest: Manifest) -> Iterator[Sequence[str]]:
    for split in SPLITS:
        tracks = [track for track in manifest.tracks if track.split == split]
        cells = (cell(tracks, name) for name in (*manifest.sources, MIXTURE))
        yield (split, str(len(tracks)), hours(tracks), *cells)


def cell(tracks: Sequence[Track], name: str) -> str:
    files = [track.files[name] for track in tracks]
    loud = [file.loudness for file in files if file.loudness is not None]
    if not loud:
        return "-"
    active = sum(file.active for file in files) / len(files)
    return f"{sum(loud) / len(loud):.1f}, {100 * active:.0f} %"


def row(track: Track, sources: Sequence[str]) -> Sequence[str]:
    mixture = track.files[MIXTURE]
    loudness = "-" if mixture.loudness is None else f"{mixture.loudness:.1f}"
    active = (f"{100 * track.files[source].active:.0f} %" for source in sources)
    measures = (f"{track.seconds:.1f}", loudness, f"{mixture.peak:.3f}", f"{track.residual:.1e}")
    return (track.name, track.split, *measures, *active)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """A Markdown table; names of songs are escaped, so that all their characters are text."""
    texts = ([plain(text) for text in cells] for cells in rows)
    yield grid(list(map(plain, head)), texts, [False] * len(head))
