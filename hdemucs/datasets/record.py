"""Make the manifest of a folder in MUSDB's layout, or list everything that is wrong with it."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from hdemucs.data.manifest import MIXTURE, Manifest, Split, Track
from hdemucs.datasets.examine import Examined, examine
from hdemucs.datasets.expected import Expected
from hdemucs.datasets.findings import Finding, refused
from hdemucs.formats.discover import hidden
from hdemucs.names import literal
from hdemucs.workers import mapped

FOLDERS = ("train", "test")


@dataclass(frozen=True)
class Survey:
    """The content of a folder, and what is wrong with it."""

    manifest: Manifest  # of the usable tracks
    errors: tuple[Finding, ...]


def record(
    root: Path, name: str, expected: Expected, valid: Collection[str], jobs: int
) -> Manifest:
    """The manifest of a data set without errors.

    `valid` has the names of the validation tracks in train/; `jobs` processes work.

    Raises:
        UserError: the first error, with the number of all others.
    """
    survey = surveyed(root, name, expected, valid, jobs)
    refused(root, survey.errors)
    return survey.manifest


def surveyed(
    root: Path,
    name: str,
    expected: Expected,
    valid: Collection[str],
    jobs: int,
    tops: Collection[str] = FOLDERS,
) -> Survey:
    """Examine every file of `root`; the manifest depends on the data only, not on `jobs`."""
    errors = list(layout(root, tops))
    places = list(tracks(root, valid))
    results = mapped(partial(examined, root, expected), places, jobs, "checking audio")
    errors += unknown_names(valid, [folder for folder, _ in places])
    errors += [finding for result in results for finding in result.errors]
    manifest = Manifest(
        name=name,
        sample_rate=expected.rate,
        channels=expected.channels,
        sources=expected.sources,
        tracks=tuple(result.track for result in results if result.track is not None),
    )
    return Survey(manifest, (*errors, *leaks(manifest)))


def examined(root: Path, expected: Expected, place: tuple[str, Split]) -> Examined:
    return examine(root, place[0], place[1], expected)


def tracks(root: Path, valid: Collection[str]) -> Iterable[tuple[str, Split]]:
    """(folder, split) of every track by name, train/ before test/; hidden folders are skipped."""
    for top in FOLDERS:
        entries = (root / top).iterdir() if (root / top).is_dir() else ()
        for folder in sorted(entry for entry in entries if entry.is_dir()):
            if not hidden(Path(folder.name)):
                held_out: Split = "valid" if literal(folder.name, valid) else "train"
                yield f"{top}/{folder.name}", "test" if top == "test" else held_out


def layout(root: Path, tops: Collection[str]) -> Iterable[Finding]:
    """Errors in the folders themselves; those in `tops` must contain tracks."""
    whole = "give the folder that holds train/ and test/"
    if not root.exists():
        yield Finding("", "is missing", whole)
    elif not root.is_dir():
        yield Finding("", "is no folder", "unpack it if it is an archive; " + whole)
    elif not any((root / top).is_dir() for top in FOLDERS):
        yield nothing_there(root)
    else:
        for top in tops:
            yield from lacking(root, top)


def nothing_there(root: Path) -> Finding:
    """An error about a root without train/ and test/, which may be a level too high or too low."""
    if root.name in FOLDERS:
        return Finding("", "is one of the set's own folders", f"give the one above, {root.parent}")
    for inner in sorted(entry for entry in root.iterdir() if entry.is_dir()):
        if (inner / "train").is_dir():
            return Finding("", "holds the data set one level down", f"give {inner}")
    return Finding("", "holds neither train/ nor test/", "give the folder that does")


def lacking(root: Path, top: str) -> Iterable[Finding]:
    folder = root / top
    if not folder.is_dir():
        yield Finding(top, "is missing", "put the folder there or fetch the data again")
        return
    names = sorted(entry.name for entry in folder.iterdir() if not entry.name.startswith("."))
    if any(name.endswith(".stem.mp4") for name in names):
        problem = "holds MUSDB18's compressed stems (.stem.mp4)"
        yield Finding(top, problem, "take MUSDB18-HQ, which is WAV")
    elif not any((folder / name).is_dir() for name in names):
        yield Finding(top, "holds no tracks", "put one folder a track there")
    for name in names:
        if name != name.encode(errors="replace").decode():
            shown = name.encode(errors="replace").decode()
            yield Finding(f"{top}/{shown}", "has a name that is no UTF-8", "rename the folder")


def unknown_names(valid: Collection[str], folders: Collection[str]) -> Iterable[Finding]:
    """Names of validation tracks that are not in train/; a misspelt one would be trained on."""
    there = [folder.removeprefix("train/") for folder in folders if folder.startswith("train/")]
    for name in sorted(name for name in valid if not literal(name, there)) if folders else ():
        yield Finding(
            f"train/{name}", "is named for validation but is missing", "put the track there"
        )


def leaks(manifest: Manifest) -> Iterable[Finding]:
    """Songs in two splits, which would be validated or tested on after training on them."""
    first: dict[tuple[str, ...], Track] = {}
    for track in manifest.tracks:
        known = first.setdefault(fingerprint(track), track)
        if known.split != track.split:
            problem = f"is the same song as {known.files[MIXTURE].path} ({known.split})"
            yield Finding(track.files[MIXTURE].path, problem, "remove one of them")


def fingerprint(track: Track) -> tuple[str, ...]:
    """What stays the same when a song's files are converted to another number of bits."""
    mixture = track.files[MIXTURE]
    level = f"{track.std:.6e} {mixture.peak:.4f} {mixture.loudness}"
    return str(track.frames), level
