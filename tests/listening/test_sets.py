"""Sets are blind, level, aligned, and the same bytes for a seed."""

import hashlib
import subprocess
import sys
from collections import Counter

import numpy as np
import pytest

from hdemucs import audio
from hdemucs.listening.key import load_key, save_key
from hdemucs.listening.stimuli.anchors import Material
from hdemucs.listening.stimuli.filters import filtered, low_pass
from hdemucs.listening.stimuli.trials import lacks
from hdemucs.loudness import loudness
from tests.listening.family import RATE, SYSTEMS, build, listening_config, read, tree


@pytest.fixture(scope="module")
def built(material, tmp_path_factory):
    root = tmp_path_factory.mktemp("sets")
    return root, build(listening_config(), material, root)


def path(root, entry):
    nested = f"{entry.trial}/" if entry.set == "mushra" else ""
    return root / entry.set / "audio" / f"{nested}{entry.name}.flac"


def test_every_file_is_in_the_key_and_the_other_way_round(built):
    root, made = built
    files = {p for kind in ("mushra", "mos") for p in (root / kind / "audio").rglob("*.flac")}
    assert files == {path(root, entry) for entry in made.entries}
    for entry in made.entries:
        assert hashlib.sha256(path(root, entry).read_bytes()).hexdigest() == entry.sha256


def test_a_trial_has_all_conditions_once_and_the_reference_twice(built, material):
    _, made = built
    for excerpt in material.excerpts.excerpts:
        entries = [e for e in made.entries if e.excerpt == excerpt.id]
        mushra = Counter(e.condition for e in entries if e.set == "mushra")
        anchors = {"lowpass-3500", "lowpass-7000", "mixture", "quality"} - set(
            gone(made, excerpt.id)
        )
        assert mushra == {"reference": 2, **dict.fromkeys((*anchors, *SYSTEMS), 1)}
        assert Counter(e.condition for e in entries if e.set == "mos") == dict.fromkeys(
            ("reference", *SYSTEMS), 1
        )


def test_transparent_anchors_are_dropped(built):
    """The bass has nothing above 3.5 kHz: both low-pass anchors are second references."""
    _, made = built
    for excerpt, near in made.lacking.items():
        assert min((found.nsdr_db for found in near.values()), default=99) > 25
        if excerpt.startswith("bass"):
            assert gone(made, excerpt) == {"lowpass-3500", "lowpass-7000"}
    assert any(len(gone(made, excerpt)) < 2 for excerpt in made.lacking)


def test_an_anchor_that_lacks_what_is_heard_is_kept_whatever_its_energy():
    """A bass with a click of treble: 40 dB of nSDR, and everybody hears that the click is gone."""
    time = np.arange(3 * RATE) / RATE
    bass = np.tile(0.1 * np.sin(2 * np.pi * 55 * time), (2, 1)).astype(np.float32)
    clicks = 0.02 * np.sin(2 * np.pi * 6000 * time) * (time % 1 < 0.02)
    config = listening_config()
    for extra, audible in ((clicks, True), (0.0001 * clicks, False)):
        target = bass + extra.astype(np.float32)
        of = Material(target, [target], RATE)
        found = lacks(config, of, filtered(target, low_pass(3500, RATE)))
        assert found.nsdr_db > config.anchors.transparent
        assert found.audible is audible


def test_nothing_but_the_sound_tells_files_apart(built):
    """The hidden reference used to be the only file of the open one's size."""
    root, made = built
    for folder in {path(root, entry).parent for entry in made.entries}:
        assert len({file.stat().st_size for file in folder.iterdir()}) == 1
    for folder in (root / "training").glob("*/*"):
        assert len({file.stat().st_size for file in folder.iterdir()}) == 1


def gone(made, excerpt):
    return {name for name, found in made.lacking[excerpt].items() if not found.audible}


def test_open_and_hidden_reference_are_the_same_bytes_and_nothing_else_is(built):
    _, made = built
    by_trial = {}
    for entry in made.entries:
        by_trial.setdefault((entry.set, entry.trial), []).append(entry)
    for (kind, _), entries in by_trial.items():
        hashes = Counter(entry.sha256 for entry in entries)
        assert sorted(hashes.values(), reverse=True)[0] == (2 if kind == "mushra" else 1)
        assert len(hashes) == len({entry.condition for entry in entries})


def test_one_gain_a_trial_brings_the_reference_to_minus_23(built):
    root, made = built
    for entry in made.entries:
        same = {e.gain_db for e in made.entries if e.excerpt == entry.excerpt}
        assert len(same) == 1
        assert entry.dbtp < -0.9
        if entry.role == "reference" and max(e.dbtp for e in made.entries) < -1.1:
            heard = audio.read(path(root, entry))
            assert loudness(heard, RATE) == pytest.approx(-23, abs=0.3)


def test_samples_are_the_excerpts_own_times_the_gain_with_faded_ends(built, material):
    root, made = built
    excerpt = material.excerpts.excerpts[0]
    wanted = material.material(excerpt).target
    entry = next(e for e in made.entries if e.excerpt == excerpt.id and e.condition == "reference")
    heard = audio.read(path(root, entry))
    assert audio.inspect(path(root, entry)).subtype == "PCM_16"
    scaled = wanted * 10 ** (entry.gain_db / 20)
    inner = slice(320, -320)
    np.testing.assert_allclose(heard[:, inner], scaled[:, inner], atol=3e-4)  # gain is rounded
    assert np.abs(heard[:, [0, -1]]).max() < 1e-4
    half = 160  # the middle of the 20 ms raised cosine
    np.testing.assert_allclose(heard[:, half], scaled[:, half] / 2, atol=5e-3)


def test_one_gain_a_stimulus_levels_each(few, tmp_path):
    config = listening_config()
    level = type(config.level)(gain="stimulus", loudness=-30.0, peak=-1.0, fade=0.02)
    made = build(listening_config(level=level), few, tmp_path)
    for entry in made.entries:
        assert entry.lufs == pytest.approx(-30, abs=0.3)


def test_the_peak_limit_lowers_the_whole_trial(few, tmp_path):
    config = listening_config()
    level = type(config.level)(gain="trial", loudness=-5.0, peak=-3.0, fade=0.02)
    made = build(listening_config(level=level), few, tmp_path)
    for excerpt in few.excerpts.excerpts:
        entries = [e for e in made.entries if e.excerpt == excerpt.id]
        assert len({e.gain_db for e in entries}) == 1
        assert max(e.dbtp for e in entries) == pytest.approx(-3, abs=0.1)


def test_served_names_and_sessions_tell_nothing(built):
    root, _ = built
    for place, content in tree(root).items():
        assert not any(name in place for name in (*SYSTEMS, "lowpass", "mixture", "reference"))
        if place.endswith(".json"):
            text = content.decode()
            assert not any(name in text for name in (*SYSTEMS, "lowpass", "mixture"))


def test_sessions_list_files_that_are_there(built):
    root, _ = built
    for session in [*root.glob("*/sessions/*.json")]:
        content = read(session)
        for trial in [*content["training"], *(t for block in content["blocks"] for t in block)]:
            names = [*trial["stimuli"], *([trial["reference"]] if "reference" in trial else [])]
            assert names == sorted(names[:-1]) + names[-1:] or "reference" not in trial
            assert all((root / trial["folder"] / name).is_file() for name in names)


def test_mushra_sessions_are_balanced_and_hold_a_replicate(built):
    root, _ = built
    heard = Counter()
    firsts = []
    for path in sorted((root / "mushra" / "sessions").iterdir()):
        blocks = read(path)["blocks"]
        assert [len({t["attribute"] for t in block}) for block in blocks] == [1, 1]
        firsts.append(blocks[0][0]["attribute"])
        ids = [t["id"] for block in blocks for t in block]
        assert len(set(ids)) == len(ids) == 5
        assert sum(name.endswith(".1") for name in ids) == 1
        assert all(f"{name[:-1]}0" in ids for name in ids)
        heard.update({name.split(".")[0] for name in ids})
    assert firsts == ["quality", "contamination"] * 2
    assert max(heard.values()) - min(heard.values()) <= 1


def test_mos_sessions_are_balanced(built):
    root, made = built
    conditions = {e.name: e.condition for e in made.entries if e.set == "mos"}
    heard = Counter()
    for path in sorted((root / "mos" / "sessions").iterdir()):
        (block,) = read(path)["blocks"]
        assert len({t["id"] for t in block}) == len(block) == 6
        heard.update(t["id"] for t in block)
    assert set(heard) <= set(conditions)
    assert max(heard.values()) == 1, "18 of 24 clips"


def test_the_same_seed_gives_the_same_bytes_in_another_process(built, tmp_path):
    root, made = built
    save_key(made.entries, tmp_path / "key.csv")
    code = (
        "from pathlib import Path\n"
        "from tests.listening.family import build, inputs, listening_config\n"
        "from hdemucs.listening.key import save_key\n"
        f"root = Path({str(tmp_path)!r})\n"
        "made = build(listening_config(), inputs(root / 'again'), root / 'sets')\n"
        "save_key(made.entries, root / 'sets.csv')\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
    assert tree(tmp_path / "sets") == tree(root)
    assert (tmp_path / "sets.csv").read_bytes() == (tmp_path / "key.csv").read_bytes()


def test_another_secret_gives_other_names(built, few, tmp_path):
    root, _ = built
    build(listening_config(), few, tmp_path, "another")
    assert not set(tree(tmp_path / "mos" / "audio")) & set(tree(root / "mos" / "audio"))


def test_another_system_leaves_names_and_sounds_of_the_others(built, few, tmp_path):
    root, _ = built
    build(listening_config(systems=("wombat",)), few, tmp_path)
    fewer = {file.name: audio.read(file) for file in (tmp_path / "mos" / "audio").iterdir()}
    for name, sound in fewer.items():
        np.testing.assert_array_equal(sound, audio.read(root / "mos" / "audio" / name))


def test_the_key_comes_back(built, tmp_path):
    _, made = built
    save_key(made.entries, tmp_path / "key.csv")
    assert sorted(load_key(tmp_path / "key.csv"), key=str) == sorted(made.entries, key=str)
