"""The embedded corpus: rendered in its place, and repaired if damaged."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from hdemucs.config.corpus import CorpusConfig
from hdemucs.corpus.render import make_corpus
from hdemucs.data.manifest import Manifest
from hdemucs.datasets.expected import Expected
from hdemucs.datasets.findings import Finding, refused
from hdemucs.datasets.place import lock
from hdemucs.datasets.record import Survey, surveyed
from hdemucs.datasets.setup import NAME as SETUP
from hdemucs.datasets.setup import validation_tracks
from hdemucs.errors import UserError


def fetch_embedded(corpus: CorpusConfig, expected: Expected, root: Path, jobs: int) -> Manifest:
    """Render what is missing of the corpus and record it; damaged tracks are rendered again.

    It waits for another process that does this, since several jobs may find the corpus missing.

    Raises:
        UserError: it cannot be rendered.
    """
    with lock(root.with_name(f".{root.name}.lock"), "rendering the corpus", wait=True):
        if (root / SETUP).exists():
            for finding in survey(expected, root, jobs).errors:
                mend(root, finding)
        make_corpus(corpus, root, jobs)
        made = survey(expected, root, jobs)
    refused(root, made.errors)
    return made.manifest


def survey(expected: Expected, root: Path, jobs: int) -> Survey:
    return surveyed(root, root.name, expected, validation_tracks(root), jobs)


def mend(root: Path, finding: Finding) -> None:
    """Remove the track that a finding is about, so that it is rendered again."""
    sys.stderr.write(f"{finding.subject} {finding.problem}: the track is rendered anew\n")
    shutil.rmtree(root.joinpath(*Path(finding.subject).parts[:2]), ignore_errors=True)


def restore_embedded(corpus: CorpusConfig, root: Path, manifest: Manifest, jobs: int) -> None:
    """Render the corpus of a committed manifest, in a clone that has no data yet.

    Raises:
        UserError: the rendered files differ from the manifest's.
    """
    expected = Expected(manifest.sources, manifest.sample_rate, manifest.channels)
    made = fetch_embedded(corpus, expected, root, jobs)
    for track, known in zip(made.tracks, manifest.tracks, strict=False):
        if track != known:
            cure = "install the versions of requirements.lock, or run `dvc repro -f -s fetch`"
            raise UserError(
                root / track.split / track.name,
                "was rendered with other bytes than data/manifest.json says",
                cure,
            )
