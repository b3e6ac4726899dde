"""A whole run: what it writes, that it learns, that it can die anywhere."""

import csv
import io
import json

import pytest

from hdemucs.model.store import load_model
from hdemucs.training.loop import Interrupted
from hdemucs.training.run import train
from tests.training.runs import ALONE, directory, results, trained


def history(folder):
    return list(csv.DictReader(io.StringIO((folder / "history.csv").read_text())))


@pytest.fixture(scope="module")
def finished(songs, tmp_path_factory):
    root, manifest = songs
    return trained(directory(tmp_path_factory.mktemp("run") / "a", manifest), root)


def test_a_run_writes_its_results(finished):
    rows = history(finished)
    done = json.loads((finished / "DONE.json").read_text())
    _, config, facts = load_model(finished)
    assert [row["epoch"] for row in rows] == ["1", "2"]
    assert json.loads((finished / "progress.json").read_text())["state"] == "done"
    assert done["weights"] == facts["weights"]
    best = min(rows, key=lambda row: float(row["valid_loss"]))
    assert (str(facts["epoch"]), facts["weights"]) == (best["epoch"], best["weights"])
    assert config.kind == "waveform"


def test_the_best_of_model_and_averages_is_kept(finished):
    for row in history(finished):
        losses = {
            k.removeprefix("loss_"): float(v) for k, v in row.items() if k.startswith("loss_")
        }
        assert set(losses) == {"model", "step-0.9", "epoch-0.5"}
        assert row["weights"] == min(losses, key=losses.get)
        assert float(row["valid_loss"]) == min(losses.values())


@pytest.mark.parametrize("stop", [1, 3, 4, 5, 6, 7, 9, 12])
def test_a_run_asked_to_stop_goes_on_to_the_same_bytes(songs, tmp_path, finished, stop):
    root, manifest = songs
    folder = directory(tmp_path / "run", manifest)
    questions = iter(range(1000))
    with pytest.raises(Interrupted):
        train(folder, root, ALONE, lambda: next(questions) >= stop)
    assert results(trained(folder, root)) == results(finished)
