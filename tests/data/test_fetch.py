"""The fetch stage's work on an embedded corpus, an existing copy, and in a clone without data."""

import os
import shutil
import threading

import pytest

from hdemucs.config.corpus import CorpusConfig
from hdemucs.config.data import ArchiveConfig, EmbeddedConfig, FetchConfig, MusdbConfig, Tracks
from hdemucs.data.manifest import save_manifest
from hdemucs.datasets.fetch import fetch
from hdemucs.datasets.names import name_of
from hdemucs.datasets.place import check_present, lock, where
from hdemucs.datasets.present import present
from hdemucs.datasets.summary import summary
from hdemucs.errors import UserError
from tests.data.conftest import RATE, SOURCES

ARCHIVE = ArchiveConfig(
    url="http://127.0.0.1/x.zip",
    size=1,
    md5="0" * 32,
    sha256="0" * 64,
    unpacked=1,
    connections=1,
    patience=1.0,
    attempts=1,
)


def study(data) -> FetchConfig:
    audio = {"sources": SOURCES, "sample_rate": RATE, "channels": 2}
    return FetchConfig(**audio, residual=1e-3, data=data, extra=())


def embedded(seed=1) -> FetchConfig:
    audio = {"seconds": 2.0, "sample_rate": RATE, "soundfont": "auto"}
    corpus = CorpusConfig(seed=seed, train=1, valid=1, test=1, **audio)
    return study(EmbeddedConfig(kind="embedded", corpus=corpus))


def musdb(**tracks) -> FetchConfig:
    counts = Tracks(**{"train": 2, "valid": 1, "test": 2, **tracks})
    data = MusdbConfig(kind="musdb", archive=ARCHIVE, tracks=counts, valid=("Bob - Two",))
    return study(data)


@pytest.fixture(scope="module")
def rendered(tmp_path_factory):
    """A project in which the embedded corpus was fetched."""
    home = tmp_path_factory.mktemp("home")
    return home, fetch(embedded(), home, jobs=1)


def test_the_embedded_corpus_is_rendered_under_a_name_of_its_own(rendered):
    home, manifest = rendered
    assert manifest.name == name_of(embedded()) != name_of(embedded(seed=2))
    assert [track.split for track in manifest.tracks].count("valid") == 1
    assert where(manifest.name, home) == home / "data" / manifest.name
    check_present(where(manifest.name, home), manifest)
    assert all(track.residual == 0 for track in manifest.tracks)
    assert summary(manifest).startswith(f"{manifest.name}: 3 tracks, 0:00:06, 8000 Hz, 2 channels")


def test_the_manifest_is_the_same_byte_for_byte_elsewhere(rendered, tmp_path):
    home, manifest = rendered
    save_manifest(manifest, tmp_path / "here.json")
    save_manifest(fetch(embedded(), tmp_path, jobs=2), tmp_path / "there.json")
    assert (tmp_path / "here.json").read_bytes() == (tmp_path / "there.json").read_bytes()
    assert str(home).encode() not in (tmp_path / "here.json").read_bytes()


def test_damage_is_healed_by_fetching_again(rendered, tmp_path, capfd):
    home, manifest = rendered
    root = tmp_path / "data" / manifest.name
    shutil.copytree(where(manifest.name, home), root)
    first, last = manifest.tracks[0], manifest.tracks[-1]
    (root / first.files["bass"].path).unlink()
    shutil.rmtree((root / last.files["bass"].path).parent)
    with pytest.raises(UserError, match=r"bass\.wav: is missing .*; run `dvc repro -f -s fetch`"):
        present(manifest, embedded(), tmp_path, jobs=1)
    assert fetch(embedded(), tmp_path, jobs=1) == manifest
    assert "bass.wav is missing: the track is rendered anew" in capfd.readouterr().err
    assert present(manifest, embedded(), tmp_path, jobs=1) == root


def test_a_clone_without_the_corpus_renders_it_again(rendered, tmp_path):
    home, manifest = rendered
    root = present(manifest, embedded(), tmp_path, jobs=1)
    for track in manifest.tracks:
        for file in track.files.values():
            ours, theirs = root / file.path, where(manifest.name, home) / file.path
            assert ours.read_bytes() == theirs.read_bytes()


def test_an_existing_copy_is_verified_and_only_read(musdb_root, tmp_path, monkeypatch):
    monkeypatch.setenv("MUSDB_ROOT", str(musdb_root))
    before = {path: path.stat().st_mtime_ns for path in musdb_root.rglob("*")}
    manifest = fetch(musdb(), tmp_path / "home", jobs=1)
    assert manifest.name == "musdb18hq" and len(manifest.tracks) == 5
    assert present(manifest, musdb(), tmp_path / "home", jobs=1) == musdb_root
    assert {path: path.stat().st_mtime_ns for path in musdb_root.rglob("*")} == before
    assert not (tmp_path / "home").exists()


def test_what_is_wrong_with_a_copy_or_its_place(musdb_root, tmp_path, monkeypatch):
    monkeypatch.setenv("MUSDB_ROOT", str(musdb_root))
    manifest = fetch(musdb(), tmp_path, jobs=1)
    with pytest.raises(
        UserError, match=r"has 2 test tracks where 50 are expected; complete the copy"
    ):
        fetch(musdb(test=50), tmp_path, jobs=1)
    with pytest.raises(
        UserError, match=r"describes the data set musdb18hq, but params\.yaml asks for embedded"
    ):
        present(manifest, embedded(), tmp_path, jobs=1)
    with (musdb_root / manifest.tracks[0].files["drums"].path).open("ab") as file:
        file.write(b"\0")
    with pytest.raises(UserError, match=r"drums\.wav: has \d+ bytes where data/manifest.json says"):
        present(manifest, musdb(), tmp_path, jobs=1)
    shutil.rmtree(musdb_root)
    with pytest.raises(UserError, match=r"^\$MUSDB_ROOT: is .*, which does not exist; correct the"):
        fetch(musdb(), tmp_path, jobs=1)
    monkeypatch.delenv("MUSDB_ROOT")
    line = (
        r"is missing, with the data set musdb18hq; run `dvc repro -f -s fetch` or set \$MUSDB_ROOT"
    )
    with pytest.raises(UserError, match=line):
        present(manifest, musdb(), tmp_path, jobs=1)


def test_a_second_process_waits_until_the_first_has_rendered(rendered, tmp_path, capfd):
    home, manifest = rendered
    path = tmp_path / "data" / f".{manifest.name}.lock"
    found = []
    second = threading.Thread(target=lambda: found.append(fetch(embedded(), tmp_path, jobs=1)))
    with lock(path, "rendering the corpus"):
        second.start()
        shutil.copytree(where(manifest.name, home), tmp_path / "data" / manifest.name)
        second.join(0.5)
        assert second.is_alive() and not found
    second.join()
    assert found == [manifest]
    said = capfd.readouterr().err
    assert f"held by process {os.getpid()}, which is rendering the corpus: waiting for it" in said
