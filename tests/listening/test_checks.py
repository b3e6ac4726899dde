"""The generator refuses what would make a set worthless, in one line."""

import shutil
from dataclasses import replace

import numpy as np
import pytest

from hdemucs import audio
from hdemucs.errors import UserError
from hdemucs.files import write_json
from hdemucs.listening.excerpts import sample_path
from hdemucs.listening.key import load_key
from hdemucs.listening.stimuli.checks import (
    best_lag,
    check_blind,
    check_design,
    check_trial,
    check_unclipped,
    correlation,
)
from hdemucs.listening.stimuli.trials import compose, rendered
from tests.listening.family import RATE, SYSTEMS, build, listening_config


def broken(material, folder, change, count=1, system="wombat"):
    """The same inputs with some of a system's samples changed."""
    shutil.copytree(material.samples, folder / "samples")
    changed = replace(material, samples=folder / "samples")
    excerpts = material.excerpts.excerpts
    for excerpt in excerpts[:count]:
        path = sample_path(changed.samples, system, excerpt)
        audio.write(path, change(audio.read(path)), RATE, bits=24)
    return changed


def refusal(material, folder, **changes):
    with pytest.raises(UserError) as caught:
        build(listening_config(**changes), material, folder / "sets")
    message = str(caught.value)
    assert "\n" not in message
    assert message.count(";") >= 1, "subject: problem; cure"
    return message


def test_a_missing_estimate(material, tmp_path):
    message = refusal(material, tmp_path, systems=("wombat", "numbat"))
    assert "numbat" in message
    assert "dvc repro separate@numbat" in message


def test_another_length(material, tmp_path):
    changed = broken(material, tmp_path, lambda signal: signal[:, :-1])
    assert "has frames 47999 where 48000 is expected" in refusal(changed, tmp_path)


def test_mono(material, tmp_path):
    changed = broken(material, tmp_path, lambda signal: signal[:1])
    assert "has channels 1 where 2 is expected" in refusal(changed, tmp_path)


def test_a_silent_system(material, tmp_path):
    changed = broken(material, tmp_path, np.zeros_like)
    assert "wombat is silent where the reference is not in 1 of 8" in refusal(changed, tmp_path)


def test_silent_systems_are_named_together(material, tmp_path):
    changed = broken(material, tmp_path, np.zeros_like, count=3)
    changed = broken(changed, tmp_path / "both", np.zeros_like, system=SYSTEMS[1])
    message = refusal(changed, tmp_path)
    assert "wombat is silent where the reference is not in 3 of 8 excerpts" in message
    assert f"{SYSTEMS[1]} is silent where the reference is not in 1 of 8" in message
    assert "remove them from listening.systems" in message


@pytest.mark.parametrize("lag", [-3, 700])
def test_a_late_or_early_system(material, tmp_path, lag):
    changed = broken(material, tmp_path, lambda signal: np.roll(signal, lag, axis=1), count=8)
    message = refusal(changed, tmp_path)
    assert "samples/wombat" in message
    assert f"is {abs(lag)} samples {'late' if lag > 0 else 'early'}" in message


def test_a_poor_system_is_not_taken_for_a_late_one():
    rng = np.random.default_rng(0)
    target = rng.normal(size=(2, RATE)).astype(np.float32)
    noise = rng.normal(size=(2, RATE)).astype(np.float32)
    assert best_lag(correlation(target, 0.2 * target + noise, RATE), 1) == 0


def test_what_resembles_no_reference_is_not_taken_for_late():
    rng = np.random.default_rng(0)
    one, other = (rng.normal(0, 0.1, (2, RATE)).astype("float32") for _ in range(2))
    found = correlation(one, other, RATE)
    assert found.argmax() != len(found) // 2
    assert best_lag(found, 1) == 0
    late = np.roll(one, 40, axis=1)
    assert best_lag(correlation(one, late, RATE), 1) == 40


def test_a_system_that_is_another(material, tmp_path):
    shutil.copytree(material.samples / "wombat", tmp_path / "samples" / "wombat")
    shutil.copytree(material.samples / "wombat", tmp_path / "samples" / "quokka")
    changed = replace(material, samples=tmp_path / "samples")
    assert "quokka and wombat are the same sound" in refusal(changed, tmp_path)


def test_more_than_twelve_stimuli(material, tmp_path):
    names = tuple(f"system-{n}" for n in range(8))
    assert "13 stimuli a trial where BS.1534-3 allows 12" in refusal(
        material, tmp_path, systems=names
    )


def test_a_system_named_twice(material, tmp_path):
    assert "names wombat 2 times" in refusal(material, tmp_path, systems=("wombat", "wombat"))


def test_more_than_twelve_seconds(material):
    long = replace(material.excerpts.excerpts[0], frames=12 * RATE + 1)
    excerpts = replace(material.excerpts, excerpts=(long,))
    with pytest.raises(UserError, match="of at most 12"):
        check_design(listening_config(), excerpts, material.manifest)


def test_training_tracks_in_the_test(material):
    excerpts = material.excerpts
    mixed = replace(excerpts, excerpts=(*excerpts.excerpts, excerpts.training[0]))
    with pytest.raises(UserError, match="Di - Zero: is in the listening test but no test track"):
        check_design(listening_config(), mixed, material.manifest)
    mixed = replace(excerpts, training=excerpts.excerpts[:1])
    with pytest.raises(UserError, match="is to train listeners, but is no training track"):
        check_design(listening_config(), mixed, material.manifest)


def test_another_rate(material):
    with pytest.raises(UserError, match="is at 44100 Hz, the data at 16000 Hz"):
        check_design(listening_config(), replace(material.excerpts, rate=44_100), material.manifest)


def test_an_anchor_as_good_as_the_reference_is_left_out(material):
    bass = next(e for e in material.excerpts.excerpts if e.source == "bass")
    trial = compose(
        listening_config(), bass, material.material(bass), material.estimates(bass, SYSTEMS)
    )
    check_trial(trial)
    conditions = {stimulus.condition for stimulus in trial.stimuli}
    assert "lowpass-3500" in trial.dropped and not conditions & {*trial.dropped}


def test_clipping():
    loud = np.full((2, 1000), 1.2, np.float32)
    _, clipped = rendered(loud, 0.0, 100, np.random.default_rng(0))
    assert clipped > 1500
    with pytest.raises(UserError, match="samples of wombat clip"):
        check_unclipped("drums-1", "wombat", clipped)


def test_dither_is_triangular_and_seeded():
    """Silence becomes -1, 0 and 1 LSB: TPDF of +-1 LSB rounds to them as 1/8, 3/4, 1/8."""
    silence = np.zeros((2, 200_000), np.float32)
    made, _ = rendered(silence, 0.0, 10, np.random.default_rng(1))
    share = [float((made == value).mean()) for value in (-1, 0, 1)]
    np.testing.assert_allclose(share, [1 / 8, 3 / 4, 1 / 8], atol=5e-3)
    again, _ = rendered(silence, 0.0, 10, np.random.default_rng(1))
    np.testing.assert_array_equal(made, again)


def test_a_name_that_tells(tmp_path):
    write_json(tmp_path / "session.json", {"test": "The Wombat study"})
    with pytest.raises(
        UserError, match=r"session\.json: shows listeners the name of the system wombat"
    ):
        check_blind([tmp_path / "session.json"], tmp_path, SYSTEMS)
    write_json(tmp_path / "session.json", {"test": "wombats-are-others"})
    check_blind([tmp_path / "session.json"], tmp_path, SYSTEMS)
    with pytest.raises(UserError, match="quokka"):
        check_blind([tmp_path / "quokka" / "a.flac"], tmp_path, SYSTEMS)


def test_a_damaged_key(tmp_path):
    (tmp_path / "key.csv").write_text("set,trial\nmushra,abc\n")
    with pytest.raises(UserError, match=r"key.csv row 1\.name: is missing"):
        load_key(tmp_path / "key.csv")
