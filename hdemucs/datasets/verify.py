"""Check any folder in MUSDB's layout, for `hdemucs data verify PATH`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from ruamel.yaml import YAML

from hdemucs.data.manifest import MIXTURE, Manifest
from hdemucs.datasets.expected import Expected
from hdemucs.datasets.findings import Finding
from hdemucs.datasets.place import MUSDB
from hdemucs.datasets.record import surveyed, tracks
from hdemucs.datasets.remarks import remarks
from hdemucs.datasets.setup import NAME as SETUP
from hdemucs.datasets.setup import validation_tracks
from hdemucs.datasets.summary import summary
from hdemucs.errors import UserError
from hdemucs.formats.wav import open_wav

PUBLISHED = {"train": 86, "valid": 14, "test": 50}  # tracks of MUSDB18-HQ, from its own page


@dataclass(frozen=True)
class Verdict:
    """The content of a folder, and what is wrong with it."""

    manifest: Manifest
    errors: tuple[Finding, ...]
    remarks: tuple[Finding, ...]

    @property
    def good(self) -> bool:
        return not self.errors

    def __str__(self) -> str:
        lines = [summary(self.manifest)] if self.manifest.tracks else []
        lines += [f"error: {finding}" for finding in self.errors]
        lines += [f"remark: {finding}" for finding in self.remarks]
        count = f"{len(self.errors)} errors, {len(self.remarks)} remarks"
        return "\n".join([*lines, count])


def verify(
    root: Path, sources: tuple[str, ...], residual: float, known: Manifest | None, jobs: int
) -> Verdict:
    """Read every byte below `root`; rate and channels must be those of most of its mixtures.

    `known` is the committed manifest: if it is of this data set, every file must be the same as in
    it. A folder with MUSDB18's validation tracks is compared with MUSDB18-HQ's numbers and errata.
    """
    root = root.expanduser().resolve()
    official = is_musdb(root)
    valid = official_names() if official else names_in(root)
    name = MUSDB if official else root.name
    made = surveyed(root, name, majority(root, sources), valid, jobs)
    errors = [*made.errors]
    if official:
        errors += counts(made.manifest)
    if known is not None and known.name == name:
        errors += differences(made.manifest, known)
    odd = [*remarks(made.manifest, residual), *headers(root, made.manifest)]
    return Verdict(made.manifest, tuple(errors), tuple(odd))


def headers(root: Path, manifest: Manifest) -> Iterator[Finding]:
    """Files that can be read although their headers are odd."""
    for track in manifest.tracks:
        for file in track.files.values():
            note = open_wav(root / file.path).note
            if note:
                yield Finding(file.path, note, "nothing to do; saving it again corrects the header")


def is_musdb(root: Path) -> bool:
    return any((root / "train" / name).is_dir() for name in official_names())


def official_names() -> tuple[str, ...]:
    """MUSDB18's 14 validation tracks, as the musdb package lists them (it is not imported)."""
    package = find_spec("musdb")
    if package is None or package.origin is None:
        raise UserError("musdb", "is not installed", "run `make setup`")
    path = Path(package.origin).parent / "configs" / "mus.yaml"
    return tuple(YAML(typ="safe").load(path)["validation_tracks"])


def names_in(root: Path) -> tuple[str, ...]:
    return validation_tracks(root) if (root / SETUP).exists() else ()


def majority(root: Path, sources: tuple[str, ...]) -> Expected:
    """The rate and channels of most mixtures; those of a CD if there is no mixture."""
    found = Counter(formats(root))
    rate, channels = found.most_common(1)[0][0] if found else (44_100, 2)
    return Expected(sources, rate, channels)


def formats(root: Path) -> Iterator[tuple[int, int]]:
    for folder, _ in tracks(root, ()):
        try:
            wav = open_wav(root / folder / f"{MIXTURE}.wav")
        except UserError:
            continue
        yield wav.rate, wav.channels


def counts(manifest: Manifest) -> Iterator[Finding]:
    for split, wanted in PUBLISHED.items():
        found = sum(track.split == split for track in manifest.tracks)
        if found != wanted:
            problem = f"has {found} good {split} tracks where MUSDB18-HQ has {wanted}"
            yield Finding("", problem, "complete the copy or fetch the data again")


def differences(manifest: Manifest, known: Manifest) -> Iterator[Finding]:
    """Files that differ from those of the committed manifest."""
    files = {f.path: f.sha256 for track in manifest.tracks for f in track.files.values()}
    for track in known.tracks:
        for file in track.files.values():
            if files.get(file.path, file.sha256) != file.sha256:
                problem = "differs from the file that data/manifest.json describes"
                yield Finding(file.path, problem, "fetch the data again")
