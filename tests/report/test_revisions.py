"""Two revisions side by side: planted differences come back, no comparison is refused."""

import dataclasses
import json
import subprocess

import numpy as np
import pytest

from hdemucs.cli import main
from hdemucs.errors import UserError
from hdemucs.evaluation.systems import Facts, save_system
from hdemucs.files import write_json
from hdemucs.metrics.museval_json import SourceScores, TrackScores
from hdemucs.report.revisions import Revision, changes, code, differences

from .conftest import CONFIG, DATA, METRICS

NAMES = [f"Song {index}" for index in range(12)]
IDENTITY = ("-c", "user.name=test", "-c", "user.email=test@localhost")


def scored(root, name, level, tracks=NAMES, data=DATA, seed=0):
    """Songs of very different difficulty, all of them `level` dB better."""
    rng = np.random.default_rng(seed)
    made = []
    for place, track in enumerate(tracks):
        value = 3.0 * place + level + 0.05 * rng.standard_normal()
        frames = {"SDR": np.array([value - 1, value, value + 1])}
        sources = {s: SourceScores(frames, {"nSDR": value}) for s in ("drums", "vocals")}
        made.append(TrackScores(track, 1.0, 1.0, sources))
    facts = Facts(system=name, kind="model", data=data, metrics=METRICS, separation=None)
    save_system(root / "reports" / "scores" / name, made, facts)


@pytest.fixture
def sides(tmp_path):
    for name, level in (("old", 0.0), ("new", 0.4)):
        scored(tmp_path / name, "hybrid", level, seed=len(name))
        scored(tmp_path / name, "waveform", 0.0, seed=7 + len(name) + int(level * 10))
    return tuple(Revision(name, tmp_path / name) for name in ("old", "new"))


def test_a_planted_difference_is_found_though_songs_differ_by_more(sides):
    frame = differences(*sides, "SDR", CONFIG.interval).frame.set_index(["System", "Source"])
    cell = frame.loc[("hybrid", "All"), "Δ SDR, dB"]
    assert "**" not in cell.text and cell.text.startswith("+0.4")
    assert "holds 0" in str(frame.loc[("waveform", "All"), "Δ SDR, dB"])
    assert set(frame["Tracks"]) == {12}


def test_only_tracks_of_both_count_and_lone_systems_are_named(sides):
    old, new = sides
    scored(new.root, "hybrid", 0.4, tracks=NAMES[:8])
    scored(old.root, "v2", 0.0)
    table = differences(old, new, "SDR", CONFIG.interval)
    frame = table.frame.set_index(["System", "Source"])
    assert list(frame.loc[("hybrid", "All"), ["Tracks", "scored before", "scored now"]]) == [
        8,
        12,
        8,
    ]
    assert "Only in old: v2." in table.notes


def test_other_data_are_refused(sides):
    old, new = sides
    scored(new.root, "hybrid", 0.4, data=dataclasses.replace(DATA, sha256="e" * 64))
    with pytest.raises(UserError, match="old: scored hybrid on other data"):
        differences(old, new, "SDR", CONFIG.interval)


def test_changed_parameters_and_code_are_named(sides):
    old, new = sides
    for side, rate, digest in ((old, 3e-4, "aa"), (new, 1e-3, "bb")):
        content = {"training": {"optimiser": {"learning_rate": rate}, "batch": 4}}
        write_json(side.root / "configs/train/hybrid.json", content)
        for stage in ("train/hybrid", "report"):
            files = {"hdemucs/audio.py": "00", "hdemucs/tables.py": digest}
            write_json(side.root / f"configs/code/{stage}.json", files)
    frame = changes(old, new, "configs").frame
    assert frame.to_numpy().tolist() == [
        ["train/hybrid.json: training.optimiser.learning_rate", "0.0003", "0.001"]
    ]
    assert code(old, new).frame.to_numpy().tolist() == [
        ["hdemucs/tables.py", "report, train/hybrid"]
    ]


def test_the_command_compares_commits_and_experiments(tmp_path, monkeypatch, capsys):
    def git(*words):
        subprocess.run(["git", *IDENTITY, *words], cwd=tmp_path, check=True, capture_output=True)

    git("init", "-q")
    report = {**json.loads(json.dumps(dataclasses.asdict(CONFIG)))}
    write_json(tmp_path / "configs" / "report.json", report)
    (tmp_path / "params.yaml").write_text("scale: quick\n")
    scored(tmp_path, "hybrid", 0.0)
    git("add", "-A")
    git("commit", "-qm", "first")
    git("update-ref", "refs/exps/aa/bbbb/bold-otter", "HEAD")
    scored(tmp_path, "hybrid", 0.5, seed=1)
    monkeypatch.chdir(tmp_path)
    for old in ("HEAD", "bold-otter"):
        main(["compare", old, "--out", "compared.md"])
        said = capsys.readouterr().out
        assert f"## {old} → workspace: SDR" in said
        assert "**+0.5" in said
        assert (tmp_path / "compared.md").read_text() in said
    with pytest.raises(SystemExit, match="nothing: is no revision and no experiment"):
        main(["compare", "nothing"])
