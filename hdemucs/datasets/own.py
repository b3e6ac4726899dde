"""One's own songs: any folder of stems, by a small YAML file, converted to MUSDB's layout.

name: my-band
root: stems                        # one folder a track; relative to this file
splits: {train: ["*"], test: ["Last *"]}        # of folders; the last that matches counts
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
from collections.abc import Mapping
from dataclasses import replace
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from hdemucs.config.data import OwnConfig
from hdemucs.config.load import validated
from hdemucs.data.manifest import MIXTURE, Manifest, Split
from hdemucs.datasets.convert import Job, convert, folder_of
from hdemucs.datasets.examine import Expected
from hdemucs.datasets.findings import Finding, refused
from hdemucs.datasets.place import lock, put
from hdemucs.datasets.record import surveyed
from hdemucs.errors import UserError
from hdemucs.workers import mapped


def load_own(path: Path) -> OwnConfig:
    """Read the description of a data set of one's own.

    Its root comes out relative to what `path` is relative to: the same on every machine.

    Raises:
        UserError: the file is missing, is no YAML, or a key of it is unknown, missing or wrong.
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
        UserError: no track, sources other than the study's, or files that the policies refuse.
    """
    planned = plan(own, expected)
    part = root.with_name(f".{root.name}.part")
    with lock(root.with_name(f".{root.name}.lock"), "converting songs"):
        shutil.rmtree(part, ignore_errors=True)
        try:
            made = mapped(partial(convert, part), planned, jobs, f"converting {own.name}")
            refused(Path(own.root), [finding for findings in made for finding in findings])
            valid = [job.name for job in planned if job.split == "valid"]
            tops = sorted({folder_of(job.split) for job in planned})
            survey = surveyed(part, root.name, expected, valid, jobs, tops)
            refused(Path(own.root), [original(error) for error in survey.errors])
            put(part, root)
        finally:
            shutil.rmtree(part, ignore_errors=True)
    return survey.manifest


def original(error: Finding) -> Finding:
    """An error of a converted track as one of the folder it came from."""
    return replace(error, subject=error.subject.partition("/")[2])


def plan(own: OwnConfig, expected: Expected) -> list[Job]:
    """One job a track, in the order of names."""
    root = Path(own.root)
    if not root.is_dir():
        raise UserError(root, "is no folder", f"correct `root` of the data set {own.name}")
    check_sources(own, expected)
    found = []
    for folder in sorted(entry for entry in root.iterdir() if entry.is_dir()):
        split = split_of(folder.name, own.splits)
        if split is not None:
            found.append(Job(root, folder.name, split, own, expected))
    if not any(job.split == "train" for job in found):
        problem = "holds no folder that splits.train matches"
        raise UserError(root, problem, f"correct `splits` of the data set {own.name}")
    return found


def check_sources(own: OwnConfig, expected: Expected) -> None:
    named, wanted = set(own.stems) - {MIXTURE}, set(expected.sources)
    for source in sorted(named ^ wanted):
        problem = "is missing" if source in wanted else "is no source of the study"
        cure = f"give patterns for {', '.join(expected.sources)}, or change fetch.sources"
        raise UserError(f"{own.name}.stems.{source}", problem, cure)


def split_of(name: str, splits: Mapping[Split, tuple[str, ...]]) -> Split | None:
    """The last of train, valid and test with a pattern for `name`: exceptions follow rules."""
    matching: list[Split] = [
        split
        for split in ("train", "valid", "test")
        if any(fnmatchcase(name, pattern) for pattern in splits.get(split, ()))
    ]
    return matching[-1] if matching else None
