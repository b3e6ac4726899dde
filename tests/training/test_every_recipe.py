"""Families by their own recipes of params.yaml, at their smallest: all learn and can be stopped."""

import csv
import io
import json
from dataclasses import asdict

import pytest

from hdemucs.data.manifest import save_manifest
from hdemucs.study.effective import train_configuration
from hdemucs.study.params import read_params
from hdemucs.training.loop import Interrupted
from hdemucs.training.run import train
from tests.pipeline.conftest import ROOT
from tests.systems import tiny
from tests.training.runs import ALONE, RATE, merged, results, trained

PARAMS = read_params(ROOT / "params.yaml")
VARIANTS = {  # the first of each family
    variant["family"]: name
    for name, variant in reversed(PARAMS["variants"].items())
    if "family" in variant
}
TESTED = sorted(VARIANTS.keys() - {"hybrid", "waveform"})  # by test_run.py and test_killed.py
SMALL = {
    "epochs": 2, "steps_per_epoch": 6, "batch": 2, "segment": 0.5, "checkpoint_every": 4,
    "guard": {"steps": 6}, "threads": 1, "workers": 0,
}  # fmt: skip
REMIXED = {"batch": 4, "segment": 1.0}  # four are remixed, and half a second is left to the shift
FEWER_FRAMES = {"window": 256, "hop": 64}  # of those who have any


def directory(folder, manifest, family):
    """A run of a tiny model by the family's recipe at the quick scale."""
    content = train_configuration(PARAMS, "quick", VARIANTS[family])
    model = asdict(tiny(family))
    remixed = content["training"]["mixing"]["kind"] == "remix"
    changes = {
        "sample_rate": RATE,
        "model": {key: FEWER_FRAMES.get(key, value) for key, value in model.items()},
        "training": {**SMALL, **REMIXED} if remixed else SMALL,
        "validation": {"segment": 2.0},
    }
    small = {**merged(content, changes), "model": changes["model"]}
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps(small))
    save_manifest(manifest, folder / "manifest.json")
    return folder


@pytest.mark.parametrize("family", TESTED)
def test_a_recipe_learns_and_goes_on_after_a_stop_to_the_same_bytes(tmp_path, songs, family):
    root, manifest = songs
    whole = trained(directory(tmp_path / "whole", manifest, family), root)
    rows = list(csv.DictReader(io.StringIO((whole / "history.csv").read_text())))
    assert float(rows[-1]["train_loss"]) < float(rows[0]["train_loss"])
    folder = directory(tmp_path / "stopped", manifest, family)
    questions = iter(range(1000))
    with pytest.raises(Interrupted):
        train(folder, root, ALONE, lambda: next(questions) >= 5)
    assert results(trained(folder, root)) == results(whole)
