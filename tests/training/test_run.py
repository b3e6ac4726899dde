"""A whole run: what it writes, that it learns, that it can die anywhere."""

import csv
import io
import json
import shutil
import signal
import time

import pytest
import torch

from hdemucs.errors import UserError
from hdemucs.models.store import load_model
from hdemucs.training.loop import Interrupted
from hdemucs.training.run import train
from tests.training.runs import ALONE, directory, merged, prepared_run, results, started, trained

START = {"variant": "tiny-waveform", "config": "0" * 64}


def history(folder):
    return list(csv.DictReader(io.StringIO((folder / "history.csv").read_text())))


@pytest.fixture(scope="module")
def finished(songs, tmp_path_factory):
    root, manifest = songs
    return trained(directory(tmp_path_factory.mktemp("run") / "a", manifest), root)


def test_a_run_writes_its_results(finished):
    rows = history(finished)
    done = json.loads((finished / "DONE.json").read_text())
    _, config, facts, _ = load_model(finished)
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


def test_a_signal_saves_and_the_same_command_goes_on(songs, tmp_path, finished):
    """SIGTERM, as clusters send it, to the job itself."""
    root, manifest = songs
    folder = directory(tmp_path / "run", manifest)
    job = started(folder, root)
    while not list(folder.glob("checkpoints/*.sha256")) and job.poll() is None:
        time.sleep(0.01)
    job.send_signal(signal.SIGTERM)
    told = job.communicate(timeout=60)[1]
    assert job.returncode == 75 and "the same command goes on" in told
    assert results(trained(folder, root)) == results(finished)


def test_a_finished_run_is_left_alone(songs, finished):
    before = {path: path.stat().st_mtime_ns for path in finished.iterdir()}
    trained(finished, songs[0])
    assert {path: path.stat().st_mtime_ns for path in finished.iterdir()} == before


def test_another_configuration_does_not_go_on(songs, tmp_path):
    root, manifest = songs
    folder = directory(tmp_path / "run", manifest)
    with pytest.raises(Interrupted):
        train(folder, root, ALONE, lambda: True)
    other = directory(tmp_path / "other", manifest, epochs=3)
    shutil.copy(other / "config.json", folder)
    with pytest.raises(UserError, match=r"checkpoints of another config.json"):
        trained(folder, root)


def test_fine_tuning_starts_from_a_finished_model(songs, tmp_path, finished):
    """A rate of next to nothing leaves the weights where they were, at another one they move."""
    root, manifest = songs
    start = load_model(finished).model
    for rate, still in ((1e-12, True), (1e-3, False)):
        options = {"start_from": START, "epochs": 1, "optimiser": {"learning_rate": rate}}
        folder = directory(tmp_path / str(rate), manifest, **options)
        shutil.copytree(finished, folder / "start")
        tuned = load_model(trained(folder, root)).model
        pairs = zip(start.parameters(), tuned.parameters(), strict=True)
        assert all(torch.allclose(a, b, atol=1e-6) for a, b in pairs) == still


def test_a_model_of_another_kind_is_no_start(songs, tmp_path, finished):
    root, manifest = songs
    folder = directory(tmp_path / "run", manifest, "hybrid", start_from=START)
    shutil.copytree(finished, folder / "start")
    with pytest.raises(UserError, match="another model"):
        trained(folder, root)


@pytest.mark.parametrize(
    ("change", "key"),
    [({"sample_rate": 16_000}, "sample_rate"), ({"training": {"batch": 6}}, "training.batch")],
)
def test_what_does_not_fit_is_refused_before_it_starts(songs, tmp_path, change, key):
    root, manifest = songs
    folder = directory(tmp_path / "run", manifest)
    settings = merged(json.loads((folder / "config.json").read_text()), change)
    (folder / "config.json").write_text(json.dumps(settings))
    with pytest.raises(UserError, match=key):
        trained(folder, root)


def test_processes_that_read_give_the_same_examples(songs, tmp_path):
    """Worker processes or none, from the first step or a later one."""
    root, manifest = songs
    batches = [
        prepared_run(directory(tmp_path / str(workers), manifest, workers=workers), root).batches
        for workers in (0, 2)
    ]
    alone, helped = (list(b.epoch(3, 0)) for b in batches)
    assert all(torch.equal(a, b) for a, b in zip(alone, helped, strict=True))
    assert all(torch.equal(a, b) for a, b in zip(alone[2:], batches[0].epoch(3, 2), strict=True))
    assert not torch.equal(alone[0], next(batches[0].epoch(4, 0)))


def test_bf16_stays_with_fp32(songs, tmp_path):
    """Autocast: the same losses within 2 % over the first steps."""
    root, manifest = songs
    losses = []
    for bf16 in (False, True):
        folder = directory(tmp_path / str(bf16), manifest, "hybrid", bf16=bf16, epochs=1)
        loop = prepared_run(folder, root)
        outcomes = [loop.learner.step(stems) for stems in loop.batches.epoch(0, 0)]
        losses.append([outcome.loss.item() for outcome in outcomes])
        assert all(p.dtype == torch.float32 for p in loop.learner.model.parameters())
    assert losses[1] == pytest.approx(losses[0], rel=0.02)
    assert losses[1] != losses[0]
