"""The paper's claims are decided by the rows that bear on them, and by nothing else."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hdemucs.config.report import MarginConfig
from hdemucs.errors import UserError
from hdemucs.evaluation.systems import load_systems
from hdemucs.metrics.museval_json import SourceScores
from hdemucs.report.claims import Claim, claims, differing, judged, paper_effect
from hdemucs.report.claims_section import decided, ours, summary, table, untested
from hdemucs.report.comparison import ablation
from hdemucs.report.evidence import comparisons, differences
from hdemucs.report.published import published
from hdemucs.report.results import arranged
from hdemucs.report.scores import name_of
from hdemucs.report.sections import Findings
from hdemucs.statistics.decisions import Word
from hdemucs.study.params import read_params
from hdemucs.tables import Strong
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
        assert {claim.row, claim.baseline, *claim.released} <= set(PARAMS["variants"])
        assert all("released" in PARAMS["variants"][name] for name in claim.released)
        assert claim.source in ("all", *PARAMS["base"]["fetch"]["sources"])
        paper_effect(claim, known)


def test_sizes_of_effect_are_the_papers():
    """Table 7: 6.83 with attention, 6.29 without; Table 6: 7.64 against 7.27."""
    effects = {claim.name: paper_effect(claim, published()) for claim in claims()}
    assert effects["attention"] == pytest.approx(0.54)
    assert effects["bag-across-domains-over-waveform"] == pytest.approx(0.37)
    assert effects["hybrid-over-spectrogram"] is None


def test_released_models_decide_where_ours_were_not_trained(study):
    """They are the very rows of the paper's tables; where both ours are there, ours decide."""
    theirs = ("released_bag_hybrid", "hybrid"), ("released_bag_waveform", "demucs-v2")
    _, one = found(study, *theirs)
    judged_ = one["hybrid-over-waveform"]
    assert judged_.word is Word.SUPPORTED
    assert (judged_.claim.row, judged_.claim.baseline) == (theirs[0][0], theirs[1][0])
    _, two = found(study, *theirs, ("hybrid", "demucs-v2"), ("waveform", "hybrid"))
    assert two["hybrid-over-waveform"].word is Word.CONTRADICTED
    _, three = found(study, theirs[0], ("waveform", "hybrid"))
    assert "hybrid not run" in three["hybrid-over-waveform"].reason


def test_a_better_row_supports_and_a_worse_one_contradicts(study):
    _, one = found(study, ("hybrid", "hybrid"), ("waveform", "demucs-v2"))
    assert one["hybrid-over-waveform"].word is Word.SUPPORTED
    assert one["hybrid-over-waveform"].plan is None
    _, two = found(study, ("hybrid", "demucs-v2"), ("waveform", "hybrid"))
    assert two["hybrid-over-waveform"].word is Word.CONTRADICTED


def test_the_report_begins_with_the_claims_that_are_decided(study):
    better, one = found(study, ("hybrid", "hybrid"), ("waveform", "demucs-v2"))
    worse, two = found(study, ("hybrid", "demucs-v2"), ("waveform", "hybrid"))
    claim = one["hybrid-over-waveform"]
    supported = decided(better, list(one.values()))[0]
    assert supported.startswith("Supported, in dB of SDR: ")
    assert f"{claim.claim.says} ({ours(claim, 0.95)})" in supported
    contradicted = [said for said in decided(worse, list(two.values())) if claim.claim.says in said]
    assert [said.partition(",")[0] for said in contradicted] == ["Contradicted"]
    assert decided(better, []) == ()


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


# One decision for claims and for bold


def planted(study, effect, noise=0.1):
    """The hybrid is the waveform model, but for noise and an effect."""
    systems = load_systems(study / "scores", study / "oracles")
    rng = np.random.default_rng(3)

    def moved(track):
        more = effect + noise * rng.standard_normal()
        each = {
            source: SourceScores({**scores.frames, "SDR": scores.frames["SDR"] + more})
            for source, scores in track.sources.items()
        }
        return replace(track, sources=each)

    same = systems["waveform"].tracks
    systems["hybrid"] = replace(systems["hybrid"], tracks=tuple(map(moved, same)))
    rows = (row("waveform", "W", None), row("hybrid", "H", "waveform"))
    return arranged(replace(CONFIG, rows=rows), systems, {})


@pytest.mark.parametrize(
    ("effect", "word", "excludes_zero"),
    [
        (0.0, Word.UNDECIDED, False),
        (0.4, Word.UNDECIDED, True),  # trainings scatter so much that it may be chance
        (3.0, Word.SUPPORTED, True),
        (-3.0, Word.CONTRADICTED, True),
    ],
)
def test_a_planted_effect_flips_the_claims_word_and_the_tables_bold_together(
    study, effect, word, excludes_zero
):
    results = planted(study, effect)
    findings = Findings.of(results)
    [claim] = [one for one in findings.claims if one.claim.name == "hybrid-over-waveform"]
    assert claim.word is word
    [one] = [one for one in findings.differences if one.source == "all"]
    assert one.difference.shown == excludes_zero
    ablation_ = ablation(results, findings.differences, published()).frame.set_index("Model")
    shown = differences(results, findings.differences).frame
    cells = [ablation_.loc[name_of(one.row), "Δ All"], shown.iloc[0, 3]]
    assert [isinstance(cell, Strong) for cell in cells] == [word is not Word.UNDECIDED] * 2


def test_two_rows_are_decided_on_once_whichever_is_the_baseline(study):
    """The claim is on hybrid over spectrogram, the table has spectrogram to hybrid."""
    named = (row("spectrogram", "S", "hybrid", systems=("waveform",)), row("hybrid", "H", None))
    systems = load_systems(study / "scores", study / "oracles")
    results = arranged(replace(CONFIG, rows=named), systems, {})
    findings = Findings.of(results)
    [claim] = [one for one in findings.claims if one.claim.name == "hybrid-over-spectrogram"]
    [one] = [one for one in findings.differences if one.source == "all"]
    assert one.differs == (claim.word is not Word.UNDECIDED)
    turned = [replace(claim, decision=replace(claim.decision, word=w)) for w in Word]
    for other in turned:
        [found] = [c for c in comparisons(results, differing([other])) if c.source == "all"]
        assert found.differs == (other.word is not Word.UNDECIDED)


def test_a_claim_of_no_difference_that_is_supported_is_no_difference(study):
    three = ("waveform", "waveform-no-lstm", "demucs-v2")
    rows = (("waveform", *three), ("waveform_relu_official", *three[1:], three[0]))
    for margin, word in ((30.0, Word.SUPPORTED), (0.001, Word.UNDECIDED)):
        _, one = found(study, *rows, margin=MarginConfig(all=margin, source=margin))
        assert one["gelu"].word is word
        assert list(differing([one["gelu"]]).values()) == [False]
    decision = replace(one["gelu"].decision, word=Word.CONTRADICTED)
    assert list(differing([replace(one["gelu"], decision=decision)]).values()) == [True]
