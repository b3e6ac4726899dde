"""What would decide an undecided claim is told once, and costs the trainings that are not there."""

import sys
from dataclasses import asdict, replace

import pytest

from hdemucs.cli import main
from hdemucs.cli.plan import FORESEES, folded, lines
from hdemucs.errors import UserError
from hdemucs.report.claims import Plan
from hdemucs.report.claims_section import table
from hdemucs.report.machines import NAME, MachineFacts, load_hours, save_machine
from hdemucs.report.planning import proposals, proposed, undisturbed
from hdemucs.statistics.power import Design
from hdemucs.study.effective import read, trainings
from hdemucs.study.params import read_params
from tests.pipeline.conftest import ROOT
from tests.report.test_claims import found

ROWS = (("waveform", "waveform"), ("waveform_no_lstm", "waveform-no-lstm"))

STUDIES = sorted((ROOT / "reports" / "studies").glob("*/report.json"))


@pytest.fixture(scope="module")
def undecided(study):
    results, judged = found(study, *ROWS)
    return results, [one for one in judged.values() if one.plan]


def plan(*designs):
    return Plan(0.39, tuple((Design(*each), 0.8) for each in designs))


def test_the_report_and_the_command_say_the_same(undecided):
    results, judged = undecided
    told = proposals(results, judged, lambda name: [name], {})
    assert [one.said for one in told] == table(results, judged).frame["What would decide"].tolist()
    assert told[0].said.count(" or ") == told[0].said.count(" trainings, ") - 1


def test_studies_that_save_few_tracks_are_not_named():
    named = proposed(plan((3, 100), (5, 95), (10, 40), (20, 39)))
    assert named == "3 trainings, 100 tracks or 10 trainings, 40 tracks"
    assert proposed(plan()) == "no study of up to 50 trainings and 400 tracks"
    assert proposed(None) is None


@pytest.mark.parametrize(
    ("designs", "needs", "hours"),
    [
        ([(5, 40)], {}, 4 * (2.0 + 3.0)),  # one training of each row is there
        ([(3, 90), (5, 40)], {}, 2 * (2.0 + 3.0)),  # the cheapest
        ([(5, 40)], {"waveform_no_lstm": ["waveform", "waveform_no_lstm"]}, 4 * (2.0 + 3.0)),
        ([(1, 40)], {}, 0.0),  # more tracks alone
        ([], {}, None),
    ],
)
def test_hours_are_those_of_trainings_that_are_not_there(undecided, designs, needs, hours):
    results, [one] = undecided
    known = {"waveform": 2.0, "waveform_no_lstm": 3.0}
    [told] = proposals(
        results, [replace(one, plan=plan(*designs))], lambda name: needs.get(name, [name]), known
    )
    assert (told.hours, told.unknown) == (hours, ())


def test_the_shortest_training_of_a_row_says_what_one_takes(study):
    """Others were paused, or had other work beside them."""
    trainings = ("waveform", "waveform-no-lstm")
    hours = {"waveform": 2.0, "waveform-no-lstm": 0.5, "hybrid": 3.0, "open_unmix.drums": 1.0}
    results, _ = found(study, ("waveform", *trainings), ("hybrid", "hybrid"))
    assert undisturbed(results, hours) == {**hours, "waveform": 0.5}
    assert undisturbed(results, {}) == {}


def test_hours_that_nobody_knows_are_said_with_what_measures_them(undecided, tmp_path):
    results, judged = undecided
    told = proposals(results, judged, lambda name: [name], {"waveform": 2.0})
    said = list(lines(told, "quick", tmp_path / NAME, FORESEES))
    assert said[0].startswith("lstm: ") and said[0].endswith("; hours unknown")
    assert f"{NAME} has no waveform_no_lstm" in said[-1]
    assert "`hdemucs preflight --scale quick waveform_no_lstm`" in said[-1]
    assert all(len(part) <= 80 for line in said[:-1] for part in folded(line))


def test_hours_are_read_as_they_were_kept(tmp_path):
    assert load_hours(tmp_path) == {}
    facts = MachineFacts(
        variant="hybrid", run="hybrid-1", hours=0.25, machine="m", python="3", torch="2", numpy="2"
    )
    save_machine(tmp_path, facts)
    assert load_hours(tmp_path) == {"hybrid": asdict(facts)["hours"]}
    (tmp_path / NAME).write_text("variant,hours\nhybrid,\n")
    with pytest.raises(UserError, match="is damaged"):
        load_hours(tmp_path)


def test_a_variant_takes_what_it_is_built_upon():
    asked = trainings(read(read_params(ROOT / "params.yaml")), "paper")
    assert asked.behind("hybrid") == ["hybrid"]
    assert asked.behind("bag_waveform") == [
        "waveform", "waveform_ft", "waveform_s43", "waveform_s43_ft",
    ]  # fmt: skip
    assert asked.behind("open_unmix") == [
        f"open_unmix.{source}" for source in ("drums", "bass", "other", "vocals")
    ]
    assert asked.behind("released_bag") == []


@pytest.mark.parametrize("study", [[], *([path.parent.name] for path in STUDIES)])
def test_the_command_reads_the_committed_scores(capsys, monkeypatch, study):
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: False, raising=False)
    main(["plan", *study])
    first, *rest = capsys.readouterr().out.splitlines()
    count, _, tested, *_ = first.split()
    assert 0 <= int(count) <= int(tested)
    assert len([line for line in rest if not line.startswith("hours unknown")]) == int(count)
