"""Two sources in mono make a listening test like any other: from excerpts to tables."""

import json
from dataclasses import replace

import numpy as np
import pytest

from hdemucs import audio
from hdemucs.listening.analysis.analyse import Listened, analyse
from hdemucs.listening.analysis.whole import TestSet
from hdemucs.listening.key import key_of
from hdemucs.listening.publish.folder import publish
from hdemucs.listening.session_list import load_session_list
from tests.listening.answering import session, submission
from tests.listening.family import listening_config, ratings_config, read

SOURCES = ("speech", "music")


@pytest.fixture(scope="module")
def mono(material, tmp_path_factory):
    """The corpus as (speech, music): the voice, and everything else, in one channel."""
    root = tmp_path_factory.mktemp("mono")
    rename = {"vocals": "speech", "other": "music"}
    tracks = []
    for track in material.manifest.tracks:
        files = {new: track.files[old] for old, new in rename.items()}
        for file in files.values():
            signal = audio.read(material.root / file.path)[:1]
            audio.write(root / "data" / file.path, signal, material.manifest.sample_rate)
        tracks.append(replace(track, files=files))
    manifest = replace(material.manifest, channels=1, sources=SOURCES, tracks=tuple(tracks))
    kept = [
        replace(excerpt, source=rename[excerpt.source])
        for excerpt in material.excerpts.excerpts
        if excerpt.source in rename
    ]
    for excerpt in kept:
        for system in ("wombat", "quokka"):
            signal = audio.read(material.samples / system / f"{excerpt.id}.wav")[:1]
            audio.write(root / "samples" / system / f"{excerpt.id}.wav", signal, 16_000, bits=24)
    training = tuple(
        replace(e, source="speech") for e in material.excerpts.training if e.source == "vocals"
    )
    excerpts = replace(material.excerpts, sources=SOURCES, excerpts=tuple(kept), training=training)
    return replace(
        material, manifest=manifest, excerpts=excerpts, root=root / "data",
        samples=root / "samples",
    )  # fmt: skip


def test_it_is_published_answered_and_analysed(mono, tmp_path):
    folder, private = tmp_path / "listening", tmp_path / "private"
    publish(listening_config(), mono, folder, private)
    sound = next((folder / "mos" / "audio").iterdir())
    assert audio.inspect(sound).channels == 1
    roles = {entry.name: entry.condition for entry in key_of(load_session_list(folder), private)}
    good = {"reference": 100, "wombat": 70, "quokka": 40}
    rng = np.random.default_rng(2)
    (tmp_path / "answers").mkdir()
    for number, entry in enumerate(read(folder / "sessions.json")["sessions"]):
        for listener in "abc":

            def score(name, _, top=5 if entry["set"] == "mos" else 100):
                share = good.get(roles[name], 10) / 100 * rng.uniform(0.9, 1.0)
                return max(1, round(top * share))

            given = submission(
                session(folder, entry["session"]), f"{listener}{number}", score=score
            )
            (tmp_path / "answers" / f"{listener}{number}.json").write_text(json.dumps(given))
    out = tmp_path / "ratings"
    given = Listened(folder, private)
    analyse(ratings_config(), tmp_path / "answers", given, out, TestSet("toy", {}))
    for name in ("mushra-quality", "mos-quality"):
        head, _, *rows = (out / "tables" / f"{name}.md").read_text().splitlines()[2:]
        assert [cell.strip() for cell in head.split("|")[2:-1]] == [
            "All (pooled)", "All (mean of sources)", "music", "speech",
        ]  # fmt: skip
        assert any(row.startswith("| wombat | **") for row in rows)
    assert "- This was a rehearsal: its blind names follow" in (out / "README.md").read_text()
