"""The page on separation: both commands on the same weights and song, at a tiny size."""

import numpy as np
import pytest
import soundfile

from hdemucs.benchmarks.separation import Took, commands, prepare, row, run
from hdemucs.config.load import validated
from hdemucs.config.training import TrainConfig
from hdemucs.errors import UserError
from tests.training.runs import content


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("separation")
    prepare(folder, validated(content("hybrid"), TrainConfig, "test"), 2.0)
    return folder


def test_both_commands_make_the_same_stems(folder):
    for words in commands(folder, "song").values():
        took = run([*words, "--shifts", "0"], 1)
        assert took.wall > 0.1 and took.cpu > 0.1 and took.memory > 50
    stems = {}
    for name in ("official", "fp32", "bf16"):
        (path,) = (folder / name).rglob("drums.wav")
        stems[name], _ = soundfile.read(path)
    loudest = np.abs(stems["official"]).max()
    assert np.abs(stems["fp32"] - stems["official"]).max() < 1e-4 * loudest
    assert 0 < np.abs(stems["bf16"] - stems["official"]).max() < 0.1 * loudest


def test_a_command_that_fails_is_told_of(folder):
    with pytest.raises(UserError, match="nosuch"):
        run(["-m", "hdemucs", "separate", str(folder / "nosuch.wav")], 1)


def test_speed_ups_are_of_pairs():
    song = {"official": [10.0, 40.0], "ours, fp32": [5.0, 10.0]}
    each = {(k, "song"): [Took(x, 2 * x, 100.0) for x in v] for k, v in song.items()}
    each |= {(k, "short"): [Took(1.0, 1.0, 50.0)] for k in song}
    assert "| 7.5 | 15.0 | 3.00 | 3.00 | 1.0 | 100 |" in row(1, "ours, fp32", each)
