"""A committed study: what its project is, from its file."""

import pytest

from hdemucs.errors import UserError
from hdemucs.studies.definition import (
    SCALE,
    CpuTime,
    Steps,
    StudyConfig,
    project,
    read_study,
    rounds,
)
from hdemucs.study.effective import configurations
from hdemucs.study.params import read_params
from tests.pipeline.conftest import ROOT

PARAMS = read_params(ROOT / "params.yaml")
FILES = sorted((ROOT / "reports/studies").glob("*/study.yaml"))


def study(**changes):
    plain = dict(
        title="A study", scale="quick", changes={"fetch": {"data": {"corpus": {"test": 3}}}},
        variants=("hybrid", "demucs_v1"), seeds=(),
        budget=CpuTime(kind="cpu_time", seconds=10.0, epochs=2), shows=("systems",),
        says="What it says.", reasons={},
    )  # fmt: skip
    return StudyConfig(**{**plain, **changes})


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.parent.name)
def test_a_file_of_studies_is_whole(path):
    """Its project's parameters are all known, and it has the tracks that intervals need."""
    found = configurations(project(PARAMS, read_study(path), {}))
    assert found["fetch.json"]["data"]["corpus"]["test"] >= 12


def test_a_project_is_the_scale_with_the_studys_changes_and_steps():
    """A variant's own changes at that scale hold, but for its number of steps."""
    found = configurations(project(PARAMS, study(), {"hybrid": 7, "demucs_v1": 30}))
    assert {path.split("/")[1] for path in found if path.startswith("train/")} == {
        "hybrid.json", "demucs_v1.json",
    }  # fmt: skip
    assert found["fetch.json"]["data"]["corpus"]["test"] == 3
    for name, steps in (("hybrid", 7), ("demucs_v1", 30)):
        training = found[f"train/{name}.json"]["training"]
        assert (training["epochs"], training["steps_per_epoch"]) == (2, steps)
    own = PARAMS["variants"]["demucs_v1"]["quick"]["training"]["segment"]
    assert found["train/demucs_v1.json"]["training"]["segment"] == own
    assert SCALE not in PARAMS["scales"]  # the parameters themselves stay as they are


def test_every_training_has_the_same_steps_and_more_seeds():
    """What is fine-tuned starts from the training with its own seed, and has steps of its own."""
    budget = Steps(kind="steps", steps=9, epochs=3)
    names = ("waveform", "waveform_ft", "bag_waveform")
    asked = study(variants=names, seeds=(43, 44), budget=budget)
    found = configurations(project(PARAMS, asked, {}))
    trained = {name: found[f"train/{name}.json"]["training"] for name in (
        "waveform", "waveform_s43", "waveform_s44", "waveform_ft", "waveform_s43_ft",
        "waveform_s44_ft",
    )}  # fmt: skip
    assert [trained[f"waveform{s}"]["seed"] for s in ("", "_s43", "_s44")] == [42, 43, 44]
    for name, training in trained.items():
        tuned = name.endswith("_ft")
        assert ((training["epochs"], training["steps_per_epoch"]) == (3, 9)) is not tuned
        start = training["start_from"]
        assert (start and start["variant"]) == (name.removesuffix("_ft") if tuned else None)
    rows = {row["name"]: row for row in found["report.json"]["rows"]}
    assert rows["waveform"]["systems"] == ["waveform", "waveform_s43", "waveform_s44"]


def test_rounds_have_one_seed_more_each_and_are_whole():
    """Each can be published by itself: a bag comes with the round that trains its last member."""
    names = ("waveform", "waveform_ft", "bag_waveform")
    asked = study(variants=names, seeds=(43, 44), budget=Steps(kind="steps", steps=9, epochs=3))
    found = rounds(PARAMS, asked)
    assert [part.seeds for part in found] == [(), (43,), (43, 44)]
    assert [part.variants for part in found] == [names[:2], names, names]
    assert found[-1] == asked
    trained = [
        {path for path in configurations(project(PARAMS, part, {})) if path.startswith("train/")}
        for part in found
    ]
    assert trained[0] < trained[1] < trained[2]
    alone = study(budget=Steps(kind="steps", steps=9, epochs=3))
    assert rounds(PARAMS, alone) == [alone]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"scale": "medium"}, "is no scale of params.yaml"),
        ({"variants": ("hybrid", "no_such")}, "is no known variant"),
        ({"changes": {"fetsch": {}}}, "is no known parameter"),
    ],
)
def test_a_wrong_study_is_refused(changes, said):
    with pytest.raises(UserError, match=said):
        configurations(project(PARAMS, study(**changes), {}))


def test_a_reason_for_no_system_is_refused(tmp_path):
    path = tmp_path / "wrong.yaml"
    path.write_text(FILES[0].read_text().replace("reasons: {}", "reasons: {no_such: slow}"))
    with pytest.raises(UserError, match="no_such: gives a reason"):
        read_study(path)
