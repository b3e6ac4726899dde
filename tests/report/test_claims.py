"""The paper's claims are decided by the rows that bear on them, and by nothing else."""

from dataclasses import replace
from pathlib import Path

import pytest

from hdemucs.config.report import MarginConfig
from hdemucs.errors import UserError
from hdemucs.evaluation.systems import load_systems
from hdemucs.report.claims import Claim, claims, judged, paper_effect
from hdemucs.report.claims_section import summary, table, untested
from hdemucs.report.published import published
from hdemucs.report.results import arranged
from hdemucs.statistics.decisions import Word
from hdemucs.study.params import read_params
from tests.report.conftest import CONFIG, row

PARAMS = read_params(Path(__file__).parents[2] / "params.yaml")


def found(study, *rows, margin=CONFIG.margin):
    """Claims judged where the rows of the study are called what the claims call them."""
    named = [row(name, f"{name}, {place}", None, systems=tuple(systems))
             for place, (name, *systems) in enumerate(rows)]  # fmt: skip
    systems = load_systems(study / "scores", study / "oracles")
    results = arranged(replace(CONFIG, rows=tuple(named), margin=margin), systems, {})
    return results, {one.claim.name: one for one in judged(results, published())}


def test_every_claim_names_rows_sources_and_published_numbers_that_exist():
    known, names = published(), {claim.name for claim in claims()}
    assert len(names) == len(claims())
    for claim in claims():
        assert {claim.row, claim.baseline} <= set(PARAMS["variants"])
        assert claim.source in ("all", *PARAMS["base"]["fetch"]["sources"])
        paper_effect(claim, known)


def test_sizes_of_effect_are_the_papers():
    """Table 7: 6.83 with attention, 6.29 without; Table 6: 7.64 against 7.27."""
    effects = {claim.name: paper_effect(claim, published()) for claim in claims()}
    assert effects["attention"] == pytest.approx(0.54)
    assert effects["bag-across-domains-over-waveform"] == pytest.approx(0.37)
    assert effects["hybrid-over-spectrogram"] is None


def test_a_better_row_supports_and_a_worse_one_contradicts(study):
    _, one = found(study, ("hybrid", "hybrid"), ("waveform", "demucs-v2"))
    assert one["hybrid-over-waveform"].word is Word.SUPPORTED
    assert one["hybrid-over-waveform"].plan is None
    _, two = found(study, ("hybrid", "demucs-v2"), ("waveform", "hybrid"))
    assert two["hybrid-over-waveform"].word is Word.CONTRADICTED


def test_no_difference_takes_a_margin_and_not_a_failed_test(study):
    three = ("waveform", "waveform-no-lstm", "demucs-v2")  # as if trainings of one row
    rows = (("waveform", *three), ("waveform_relu_official", *three[1:], three[0]))
    _, narrow = found(study, *rows, margin=MarginConfig(all=0.001, source=0.001))
    _, wide = found(study, *rows, margin=MarginConfig(all=30.0, source=30.0))
    assert narrow["gelu"].word is not Word.SUPPORTED
    assert wide["gelu"].word is Word.SUPPORTED


def test_what_stays_open_says_what_would_decide_it(study):
    rows = (("waveform", "waveform"), ("waveform_no_lstm", "waveform-no-lstm"))
    results, one = found(study, *rows)
    open_ = one["lstm"]
    assert open_.word is Word.UNDECIDED
    assert open_.plan.effect == pytest.approx(0.39)  # Table 7: 6.83 against 6.44
    assert all(design.tracks > 1 for design, _ in open_.plan.designs)
    assert "one training a row" in open_.reason
    assert "10 trainings, " in table(results, [open_]).frame["What would decide"][0]


def test_with_one_training_the_spread_between_trainings_is_assumed(study):
    """The interval is wider than over tracks alone, by the report's margin."""
    rows = (("hybrid", "hybrid"), ("waveform", "demucs-v2"))
    _, none = found(study, *rows, margin=MarginConfig(all=1e-9, source=1e-9))
    _, some = found(study, *rows, margin=MarginConfig(all=0.2, source=0.4))
    before, after = (one["hybrid-over-waveform"].found.error for one in (none, some))
    assert after**2 == pytest.approx(before**2 + 2 * 0.2**2)


def test_claims_without_rows_are_not_tested_and_say_so(study):
    _, one = found(study, ("hybrid", "hybrid"), ("waveform", "waveform"))
    assert one["lstm"].word == "not tested"
    assert "waveform_no_lstm not run" in one["lstm"].reason
    rest = untested(list(one.values()))
    assert len(rest.frame) == sum(each.decision is None for each in one.values())
    assert f"{len(rest.frame)} not tested" in summary(list(one.values()))


def test_a_key_that_published_csv_lacks_is_refused():
    wrong = replace(claims()[0], paper=("T6/bag-hybrid", "T9/nothing"))
    with pytest.raises(UserError, match="names T9/nothing"):
        paper_effect(wrong, published())
    assert isinstance(wrong, Claim)
