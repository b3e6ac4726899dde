"""The user's own songs: any folder of stems, described in YAML and converted to MUSDB's layout.

name: my-band
root: stems                        # one folder a track; relative to this file
splits: {train: ["*"], test: ["Last *"]}  # names or patterns of folders; names win, then the last
stems:                             # what is summed into each source; `mixture` is optional
  drums: ["kick.*", "snare.*", "*overhead*"]
  bass: ["bass*.flac"]
  other: ["gtr*", "keys*"]
  vocals: ["*vox*"]
missing: silence                   # or refuse: a source that a track has no file of
sample_rate: convert               # or refuse: another rate than the study's
channels: convert                  # or refuse: mono in a stereo study and the reverse
lengths: convert                   # or refuse: stems shorter than the track's longest
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from hdemucs.config.data import OwnConfig
from hdemucs.config.load import validated
from hdemucs.data.manifest import MIXTURE, Manifest, Split
from hdemucs.datasets.convert import Job, convert, folder_of, matching
from hdemucs.datasets.expected import Expected
from hdemucs.datasets.findings import Finding, refused
from hdemucs.datasets.place import lock, put
from hdemucs.datasets.record import surveyed
from hdemucs.datasets.summary import SPLITS
from hdemucs.errors import UserError, shown
from hdemucs.formats.discover import files, hidden, is_sound
from hdemucs.names import apart, chosen, literal, unmatched
from hdemucs.workers import mapped

NAMED = 3  # files that a line names


def load_own(path: Path) -> OwnConfig:
    """Read the description of one of the user's own data sets.

    Its root is returned relative to what `path` is relative to, so it is the same on every machine.

    Raises:
        UserError: the file is missing or not YAML, or has an unknown, missing or wrong key.
    """
    try:
        content = YAML(typ="safe").load(path)
    except FileNotFoundError as error:
        raise UserError(path, "is missing", "write it as hdemucs/datasets/own.py shows") from error
    except YAMLError as error:
        line = str(error).replace("\n", " ")
        raise UserError(path, f"is no YAML ({line})", "correct the file") from error
    if not isinstance(content, Mapping):
        raise UserError(path, "holds no mapping", "write it as hdemucs/datasets/own.py shows")
    own: OwnConfig = validated({"kind": "own", **content}, OwnConfig, str(path))
    return replace(own, root=str(path.parent / own.root))


def fetch_own(own: OwnConfig, expected: Expected, root: Path, jobs: int) -> Manifest:
    """Convert the songs to `root` and record them; the originals are only read.

    Raises:
        UserError: there are no tracks, the sources are not the study's, or the policies refuse
        files.
    """
    planned = plan(own, expected)
    part = root.with_name(f".{root.name}.part")
    with lock(root.with_name(f".{root.name}.lock"), "converting songs"):
        shutil.rmtree(part, ignore_errors=True)
        try:
            made = mapped(partial(convert, part), planned, jobs, f"converting {own.name}")
            refused(Path(own.root), [finding for each in made for finding in each.errors])
            say(note for each in made for note in each.notes)
            valid = [job.name for job in planned if job.split == "valid"]
            tops = sorted({folder_of(job.split) for job in planned})
            survey = surveyed(part, root.name, expected, valid, jobs, tops)
            refused(Path(own.root), [original(error) for error in survey.errors])
            put(part, root)
        finally:
            shutil.rmtree(part, ignore_errors=True)
    return survey.manifest


def original(error: Finding) -> Finding:
    """An error of a converted track, as an error of the folder it came from."""
    return replace(error, subject=error.subject.partition("/")[2])


def say(notes: Iterable[tuple[str, str]]) -> None:
    """Print a line about everything that was changed or left out, with the files."""
    known: dict[str, list[str]] = {}
    for subject, note in notes:
        known.setdefault(note, []).append(subject)
    for note, subjects in known.items():
        more = f" and {len(subjects) - NAMED} more" if len(subjects) > NAMED else ""
        sys.stderr.write(shown(f"{', '.join(subjects[:NAMED])}{more}: {note}") + "\n")


def plan(own: OwnConfig, expected: Expected) -> list[Job]:
    """One job per track, in the order of names.

    Raises:
        UserError: a pattern matches nothing, a name is in two splits, or there are no training
        songs.
    """
    root = Path(own.root)
    if not root.is_dir():
        raise UserError(root, "is no folder", f"correct `root` of the data set {own.name}")
    check_sources(own, expected)
    folders = [e.name for e in root.iterdir() if e.is_dir() and not hidden(Path(e.name))]
    splits = splits_of(sorted(folders), own)
    found = [Job(root, name, split, own, expected) for name, split in splits.items()]
    if not any(job.split == "train" for job in found):
        problem = "holds no folder that splits.train matches"
        raise UserError(root, problem, f"correct `splits` of the data set {own.name}")
    check_stems(own, found)
    say((name, "is in no split, so it is left out") for name in sorted(set(folders) - set(splits)))
    return found


def check_stems(own: OwnConfig, jobs: Iterable[Job]) -> None:
    """Check that every pattern of `stems` matches a file; print sound files that none matches.

    Raises:
        UserError: a pattern matches no file of any song.
    """
    songs = [job.root / job.name for job in jobs]
    names = [str(path.relative_to(song)) for song in songs for path in files(song)]
    used: set[Path] = set()
    for source, patterns in own.stems.items():
        for pattern in patterns:
            paths = [path for song in songs for path in matching(song, (pattern,))]
            if not paths:
                key = f"{own.name}.stems.{source}"
                raise unmatched(key, pattern, names, "file of any song")
            used.update(paths)
    unused = [path for song in songs for path in files(song) if is_sound(path) and path not in used]
    say((str(p.relative_to(own.root)), "matches no pattern, so it is left out") for p in unused)


def check_sources(own: OwnConfig, expected: Expected) -> None:
    named, wanted = set(own.stems) - {MIXTURE}, set(expected.sources)
    for source in sorted(named ^ wanted):
        problem = "is missing" if source in wanted else "is no source of the study"
        cure = f"give patterns for {', '.join(expected.sources)}, or change fetch.sources"
        raise UserError(f"{own.name}.stems.{source}", problem, cure)


def splits_of(folders: list[str], own: OwnConfig) -> dict[str, Split]:
    """The split of each folder that has one: by its name, or else by the last pattern that matches.

    Splits are in the order train, valid, test, so later ones can make exceptions.

    Raises:
        UserError: a pattern matches no folder, or a name is in two splits.
    """
    apart(folders, "folder")
    named: dict[str, Split] = {}
    matched: dict[str, Split] = {}
    for split in SPLITS:
        for pattern in own.splits.get(split, ()):
            key = f"{own.name}.splits.{split}"
            names = chosen(pattern, folders)
            if not names:
                raise unmatched(key, pattern, folders, f"folder of {own.root}")
            if not literal(pattern, folders):
                matched |= dict.fromkeys(names, split)
            elif named.setdefault(names[0], split) != split:
                problem = f"{pattern!r} is in splits.{named[names[0]]}, too"
                raise UserError(key, problem, "a song can be in one split only")
    return {name: (matched | named)[name] for name in folders if name in matched | named}
