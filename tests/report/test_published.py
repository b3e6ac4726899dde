"""What the paper's rows were made with is what our variants of them are made with."""

import pytest

from hdemucs.config.load import validated
from hdemucs.config.training import TrainConfig
from hdemucs.models.family import skeleton
from hdemucs.report.published import published
from hdemucs.study.effective import read, trainings
from hdemucs.study.params import read_params
from hdemucs.study.variants import GIVEN
from tests.pipeline.conftest import ROOT

PAPER = published()
PARAMS = read_params(ROOT / "params.yaml")
TRAININGS = trainings(read(PARAMS), "paper")
REPEATED = {
    key: name
    for name, variant in PARAMS["variants"].items()
    if not variant.keys() & set(GIVEN)
    for key in variant["row"].get("published", ())
}


def test_every_row_of_tables_6_and_7_has_a_variant():
    assert {key for key, row in PAPER.items() if row.table in ("T6", "T7")} <= set(REPEATED)


@pytest.mark.parametrize("key", sorted(REPEATED))
def test_a_row_s_variant_has_the_papers_models_epochs_and_shifts(key):
    name, entry = REPEATED[key], PAPER[key]
    variant = PARAMS["variants"][name]
    members = variant["bag"]["members"] if "bag" in variant else [name]
    configs = [config for member in members for config in trained(member)]
    if entry.models is not None:  # of a system with a network for each source it is not said
        assert len(configs) == entry.models
    if entry.parameters is not None:
        assert sum(sizes(config) for config in configs) == entry.parameters
    first = [c for m in members for c in trained(PARAMS["variants"][m].get("fine_tune", m))]
    if entry.epochs is not None:
        assert {config.training.epochs for config in first} == {entry.epochs}
    if entry.fine_tuned:
        assert {config.training.epochs for config in configs} == {entry.tuning_epochs}


def trained(name):
    """The configurations of a variant's trainings: one, or one a source."""
    return [validated(content, TrainConfig, name) for content in TRAININGS.of(name).values()]


def sizes(config):
    return sum(each.numel() for each in skeleton(config.model).parameters())


@pytest.mark.parametrize("key", sorted(k for k, row in PAPER.items() if "SDR" in row.metric))
def test_all_is_the_mean_of_the_sources(key):
    """As every source has it; a number that was copied wrongly would stand out."""
    scores = dict(PAPER[key].scores)
    rounding = 0.011  # each number is rounded to two places
    assert scores.pop("all") == pytest.approx(sum(scores.values()) / len(scores), abs=rounding)
