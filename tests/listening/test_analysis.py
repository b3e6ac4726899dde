"""From answers to tables: the simulated panel's truth comes back, planted bad listeners go."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from hdemucs.config.listening import RatingsConfig
from hdemucs.config.load import validated
from hdemucs.errors import UserError
from hdemucs.listening.analysis.agreement import alpha
from hdemucs.listening.analysis.analyse import Listened, analyse, examine
from hdemucs.listening.analysis.clean import clean
from hdemucs.listening.analysis.describe import bimodality
from hdemucs.listening.analysis.participants import inattentive, unheard
from hdemucs.listening.analysis.screen import concordance, screen
from hdemucs.listening.analysis.whole import TestSet, read_measures, representativeness, warnings
from hdemucs.listening.answers.read import read_answers
from hdemucs.listening.key import save_key
from tests.listening import panel
from tests.listening.family import RATINGS, ratings_config, tree

BAD = {
    "clicker": panel.clicks_through,
    "misser": panel.misses_references,
    "dull": panel.hears_no_treble,
}
GOOD = {f"good-{n:02}": panel.honest for n in range(16)} | {"slipper": panel.slips_once_in_ten}
ASLEEP = {"asleep": panel.leaves_it_alone}


def config(**changes):
    given = validated(
        {**RATINGS, "systems": list(panel.SYSTEMS), "baseline": "rhea"}, RatingsConfig, "r"
    )
    return replace(given, **changes)


@pytest.fixture(scope="module")
def answered(tmp_path_factory):
    """A folder of our page's answers by 21 listeners, and the key."""
    root = tmp_path_factory.mktemp("panel")
    entries = panel.key(4)
    habits = {**GOOD, **BAD, **ASLEEP}
    plan = panel.sessions(entries, len(habits), 19)
    world = panel.World(np.random.default_rng(11))
    (root / "answers").mkdir()
    for answer in panel.submissions(world, entries, plan, habits):
        (root / "answers" / f"{answer['listener']}.json").write_text(json.dumps(answer))
    panel.listened(root, entries)
    save_key(entries, root / "key.csv")
    return root, entries, world


@pytest.fixture(scope="module")
def analysed(answered):
    root, entries, _ = answered
    answers = read_answers(root / "answers", entries, root / "key.csv")
    return answers.ratings, examine(config(), entries, answers, "MUSDB18-HQ")


def test_every_answer_arrives_as_it_was_given(answered, analysed):
    root, entries, _ = answered
    answers, _ = analysed
    conditions = {entry.name: entry.condition for entry in entries}
    assert set(answers["listener"]) == {*GOOD, *BAD, *ASLEEP}
    given = json.loads((root / "answers" / "good-03.json").read_text())
    wanted = {
        (trial["trial"], conditions[rating["stimulus"]]): rating["score"]
        for trial in given["trials"]
        for rating in trial["ratings"]
    }
    own = answers[answers["listener"] == "good-03"]
    found = dict(zip(zip(own["trial"], own["condition"], strict=True), own["score"], strict=True))
    assert found == wanted


def test_planted_bad_listeners_and_only_they_go(analysed):
    _, found = analysed
    verdicts = dict(zip(found.screening["listener"], found.screening["verdict"], strict=True))
    assert {name for name, verdict in verdicts.items() if verdict == "excluded"} == set(BAD)
    assert "slipper" in verdicts, "one slip in ten is within the standard's 15 %"
    assert "asleep" not in verdicts, "no trial of theirs is a rating"
    reasons = dict(zip(found.screening["listener"], found.screening["reasons"], strict=True))
    assert "hidden reference under 90" in reasons["misser"]
    assert "7 kHz anchor over 90" in reasons["dull"]
    assert "hidden reference" in reasons["clicker"]
    assert all(not reason for name, reason in reasons.items() if name in GOOD)
    flags = dict(zip(found.screening["listener"], found.screening["flags"], strict=True))
    assert "replicates agree" in flags["clicker"]
    assert "mixture over 50" in flags["clicker"]
    dropped = found.cleaned.dropped
    assert set(dropped["listener"]) == {"asleep"}
    assert set(dropped["reason"]) == {"all scores equal"}


def test_the_truth_is_within_the_intervals(analysed):
    """Of 36 cells of systems, 95 % intervals may miss a few; means are near."""
    _, found = analysed
    cells = found.frames["cells"]
    cells = cells[cells["role"].eq("system")]
    truth = [
        panel.TRUE[row["attribute"]][row["condition"]] + panel.OF_SOURCE.get(row["column"], 0.0)
        for row in cells.to_dict("records")
    ]
    hits = (cells["mean"] - truth).abs() <= cells["interval"]
    assert len(cells) == 2 * 3 * 6
    assert hits.mean() >= 0.85
    assert hits[cells["column"].str.startswith("All")].all()


def test_means_are_those_of_the_panel_that_was_drawn(answered, analysed):
    """Without sampling of excerpts and listeners the table is right to within a point or two."""
    _, _, world = answered
    _, found = analysed
    own = found.counted
    own = own[own["condition"].eq("kiwi") & own["attribute"].eq("quality")]
    drawn = [
        55
        + panel.OF_SOURCE[row["source"]]
        + world.effect("excerpt", "quality", row["excerpt"])
        + world.effect("item", "quality", row["excerpt"], "kiwi")
        + world.effect("listener", "quality", row["listener"])
        + world.effect("taste", "quality", row["listener"], "kiwi")
        for row in own.to_dict("records")
    ]
    assert own["score"].mean() == pytest.approx(np.mean(drawn), abs=2.5)


def test_contrasts_find_what_differs_and_not_what_does_not(analysed):
    _, found = analysed
    contrasts = found.frames["contrasts"].set_index(["attribute", "column", "system"])
    quality = contrasts.loc[("quality", "All (pooled)", "emu")]
    assert quality["difference"] == pytest.approx(30, abs=quality["interval"])
    assert quality["p_hochberg"] < 0.01
    assert quality["share_better"] > 0.8
    assert quality["p_medians"] < 0.01
    assert bool(quality["paired"])
    assert (contrasts["p_hochberg"] >= contrasts["p"] - 1e-12).all()
    assert (contrasts["interval"] > contrasts["interval_listeners"]).mean() > 0.8
    omnibus = found.frames["omnibus"].set_index("attribute")
    assert omnibus.loc["quality", "p"] < 1e-3


def test_ties_are_bold(analysed):
    """Emu and kiwi differ by 2 in contamination: nobody can tell them apart, rhea lags by 15."""
    _, found = analysed
    table = next(t for t in found.tables if t.attribute == "contamination")
    pooled = {row.name: row.cells[0].best for row in table.rows}
    assert pooled["emu"]
    assert pooled["kiwi"]
    assert not pooled["rhea"]
    assert not pooled["Hidden reference"]
    assert [row.name for row in table.rows] == [
        "Hidden reference", "emu", "kiwi", "rhea",
        "lowpass-3500", "lowpass-7000", "mixture", "quality",
    ]  # fmt: skip


def test_listeners_agree_and_order_as_nsdr_does(analysed):
    _, found = analysed
    agreement = found.frames["agreement"].set_index("attribute")
    assert 0.5 < agreement.loc["quality", "alpha_scores"] <= 1
    assert 0.5 < agreement.loc["quality", "alpha_ranks"] <= 1
    link = found.frames["nsdr"].set_index(["attribute", "source"])
    assert (link.loc["quality", "spearman"] > 0.3).all(), "the key says emu, kiwi, rhea"


def everywhere(means):
    """nSDR of each system, the same for all sources."""
    return {name: dict.fromkeys(panel.SOURCES, mean) for name, mean in means.items()}


def test_everything_is_written(answered, analysed, tmp_path):
    root, _, _ = answered
    out = tmp_path / "ratings"
    test = TestSet("toy", everywhere({"emu": 6.0, "kiwi": 5.0}))
    given = (root / "answers", Listened(root / "sets", root / "keys"), out, test)
    assert analyse(config(), *given).startswith("17 listeners")
    names = set(tree(out))
    tables = {f"mushra-{a}.{s}" for a in ("quality", "contamination") for s in ("md", "csv", "tex")}
    assert {f"{folder}/{name}" for folder in ("tables", "everyone") for name in tables} <= names
    figures = ("differences", "screening", "stimuli", "variance", "mushra-plane")
    shown = (*figures, "mushra-quality")
    assert {f"figures/{n}.{suffix}" for n in shown for suffix in ("png", "svg")} <= names
    text = (out / "README.md").read_text()
    assert "3 listeners excluded, " in text
    assert "paper" not in text, "MUSHRA scores never stand beside the paper's"
    table = "mushra-quality.md"
    assert (out / "tables" / table).read_text() != (out / "everyone" / table).read_text()
    cells = analysed[1].frames["cells"]
    assert (out / "cells.csv").read_text() == cells.to_csv(index=False, float_format="%.6g")
    latex = (out / "tables/mushra-quality.tex").read_text()
    rows = [line for line in latex.splitlines() if line.endswith(r"\\")]
    assert {line.count(" & ") for line in rows} == {6}


def test_no_answers_are_no_error(answered, tmp_path):
    root, _, _ = answered
    for answers in (tmp_path / "nothing", tmp_path):
        (tmp_path / "README.md").write_text("Answers go here.")
        given = Listened(root / "sets", tmp_path / "no keys")
        said = analyse(config(), answers, given, root / "out", TestSet("toy", {}))
        assert said == "No answers yet.", "and no key is needed"
    assert "No answers yet." in (root / "out" / "README.md").read_text()
    assert json.loads((root / "out" / "summary.json").read_text())["listeners"] == 0


@pytest.fixture
def clips(tmp_path):
    """Twelve listeners' answers to the MOS set, in webMUSHRA's table."""
    entries = panel.key(4, kind="mos")
    (tmp_path / "answers").mkdir()
    lines = [
        "session_test_id,listener,trial_id,stimuli_rating1,stimuli_rating2,stimuli,rating_time"
    ]
    rng = np.random.default_rng(5)
    grades = {"reference": 4.5, "emu": 3.6, "kiwi": 3.0, "rhea": 2.2}
    for listener in range(12):
        for entry in rng.permutation(entries)[:25]:
            scores = np.clip(np.rint(grades[entry.condition] + 0.7 * rng.normal(size=2)), 1, 5)
            lines.append(
                f"panel,l{listener},{entry.name},{scores[0]:.0f},{scores[1]:.0f},{entry.name},9000"
            )
    (tmp_path / "answers" / "lss.csv").write_text("\n".join(lines) + "\n")
    panel.listened(tmp_path, entries)
    return tmp_path


def test_the_papers_opinion_scores_are_beside_mos_alone(clips):
    listened = Listened(clips / "sets", clips / "keys")
    given = (clips / "answers", listened, clips / "out")
    analyse(config(), *given, TestSet("MUSDB18-HQ", {}))
    text = (clips / "out" / "tables" / "mos-quality.md").read_text()
    assert "| Ground truth |" in text
    assert "| Hybrid Demucs (paper, on MUSDB18-HQ) | 2.83 |" in text
    assert "| KUIELAB-MDX-Net (paper, on MUSDB18-HQ) | 2.86 | \N{EN DASH} | 2.70 |" in text
    assert "no comparison" not in text
    analyse(config(), *given, TestSet("embedded", {}))
    text = (clips / "out" / "tables" / "mos-quality.md").read_text()
    assert "this study's of other data: they are no comparison" in text
    listeners = pd.read_csv(clips / "out" / "listeners.csv")
    assert set(listeners["set"]) == {"mos"}
    assert set(listeners["verdict"]) == {"kept", "not screenable"}, "nobody is excluded"
    cells = pd.read_csv(clips / "out" / "cells.csv")
    pooled = cells[cells["column"].eq("All (pooled)") & cells["attribute"].eq("quality")]
    means = dict(zip(pooled["condition"], pooled["mean"], strict=True))
    assert means["emu"] == pytest.approx(3.6, abs=0.3)
    assert means["rhea"] == pytest.approx(2.2, abs=0.3)


def trial(**changes):
    rows = {
        "listener": "a", "submission": "1", "set": "mushra", "trial": "t", "seconds": 6.0,
        "condition": ["reference", "emu", "mixture"], "score": [100.0, 60.0, 20.0],
        "plays": 1.0, "page_ms": 30_000.0, "covered": 1.0, "first_move_ms": 900.0, "stimuli": 3,
        "fault": "",
    }  # fmt: skip
    return pd.DataFrame({**rows, **changes})


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({}, None),
        ({"score": [100.0, float("nan"), 20.0]}, "incomplete"),
        ({"stimuli": 4}, "incomplete"),
        ({"plays": 0.0}, "not everything was played"),
        ({"plays": [0.0, 1.0, 1.0]}, "not everything was played"),  # the hidden reference, too
        ({"first_move_ms": [1.0, float("nan"), 1.0]}, "a slider was not moved"),
        ({"plays": float("nan"), "first_move_ms": float("nan")}, None),  # webMUSHRA does not say
        ({"fault": ["", "a stimulus is rated twice", ""]}, "a stimulus is rated twice"),
        ({"plays": float("nan")}, None),  # webMUSHRA does not say
        ({"page_ms": 5000.0}, "page left within 0.3 of the sounds' length"),
        ({"page_ms": 5500.0}, None),
        ({"score": 100.0}, "all scores equal"),
    ],
)
def test_cleaning_has_reasons(changes, reason):
    found = clean(trial(**changes), ratings_config().cleaning)
    assert list(found.dropped["reason"]) == ([reason] if reason else [])
    assert len(found.ratings) == (0 if reason else 3)


def test_the_first_of_two_submissions_counts():
    again = trial(submission="2", score=[90.0, 80.0, 70.0])
    found = clean(pd.concat([trial(), again]), ratings_config().cleaning)
    assert list(found.ratings["score"]) == [100, 60, 20]
    assert found.dropped.to_numpy().tolist() == [
        ["a", "2", "mushra", "t", "rated by this listener before"]
    ]


@pytest.mark.parametrize(("covered", "kept"), [(1.0, 2), (0.96, 2), (0.9, 0), (float("nan"), 2)])
def test_a_clip_is_heard_as_a_whole_or_left_out(covered, kept):
    clip = trial(
        set="mos", condition="emu", score=[3.0, 4.0], attribute=["quality", "contamination"],
        stimuli=1, covered=covered,
    )  # fmt: skip
    assert len(clean(clip, ratings_config().cleaning).ratings) == kept


def opinions(truth, system, clips=8):
    """A listener's answers to both questions; each score is repeated over the clips."""
    rows = [
        {
            "listener": "ada", "set": "mos", "trial": f"{role}{n}", "attribute": attribute,
            "role": role, "source": "drums", "score": float(scores[n % len(scores)]),
            "excerpt": f"e{n}", "condition": role, "replicate": 0,
        }
        for role, scores in {"reference": truth, "system": system}.items()
        for n in range(clips)
        for attribute in ("quality", "contamination")
    ]  # fmt: skip
    return pd.DataFrame(rows)


@pytest.mark.parametrize(
    ("truth", "system", "clips", "verdict", "reason"),
    [
        ([4, 5], [2, 3], 8, "kept", ""),
        ([2, 3], [4, 5], 8, "excluded", "ground truth rated -2.0 points against the systems"),
        ([3], [3], 8, "excluded", "one score in 100%"),
        ([2, 3], [4, 5], 2, "not screenable", "ground truth"),
    ],
)
def test_mos_listeners_are_screened(truth, system, clips, verdict, reason):
    found = screen(opinions(truth, system, clips), ratings_config().screening, {}, {})
    assert list(found["verdict"]) == [verdict]
    assert reason in found["reasons"][0]


def test_failed_attention_checks_exclude_and_headphones_flag():
    people = pd.DataFrame(
        {
            "listener": ["ada", "bob", "cid", "dan"],
            "transducer": ["headphones", "headphones", "loudspeakers", "headphones"],
            "headphones": ["6/6", "2/6", "", ""], "attention": ["1/1", "0/1", "", "2/3"],
        }
    )  # fmt: skip
    assert inattentive(people, 0.6) == {"bob": "attention checks passed: 0/1"}
    assert set(unheard(people)) == {"bob", "dan"}
    ratings = opinions([4, 5], [2, 3]).assign(listener="bob")
    found = screen(ratings, ratings_config().screening, inattentive(people, 0.6), unheard(people))
    assert found[["verdict", "reasons", "flags"]].to_numpy().tolist() == [
        ["excluded", "attention checks passed: 0/1", "headphone check passed: 2/6"]
    ]


def items(scores, condition="reference", role="reference", attribute="quality", source="drums"):
    """A listener's ratings of one condition, a trial each."""
    return pd.concat(
        pd.DataFrame(
            {
                "listener": name, "set": "mushra", "trial": [f"t{n}" for n in range(len(own))],
                "attribute": attribute, "excerpt": [f"e{n}" for n in range(len(own))],
                "source": source, "condition": condition, "role": role, "score": own,
                "replicate": 0,
            }
        )
        for name, own in scores.items()
    )  # fmt: skip


def verdicts(frame):
    found = screen(frame, ratings_config().screening, {}, {})
    return dict(zip(found["listener"], found["verdict"], strict=True))


def test_fifteen_per_cent_is_the_limit():
    """BS.1534-3, 4.1.2: more than 15 % of the items under 90."""
    three, four = [100.0] * 17 + [89.0] * 3, [100.0] * 16 + [89.0] * 4
    assert verdicts(items({"three": three, "four": four})) == {"three": "kept", "four": "excluded"}
    assert verdicts(items({"at": [90.0] * 20})) == {"at": "kept"}


def test_few_trials_screen_nobody():
    assert verdicts(items({"a": [20.0] * 6, "b": [20.0] * 7})) == {
        "a": "not screenable",
        "b": "excluded",
    }


def anchors(high, of, **changes):
    """`high` of `of` listeners rate the mid anchor 95 in every trial."""
    scores = {f"l{n}": [95.0 if n < high else 40.0] * 8 for n in range(of)}
    references = items({name: [100.0] * 8 for name in scores})
    return pd.concat([references, items(scores, "lowpass-7000", "anchor", **changes)])


def test_an_anchor_that_many_rate_high_is_at_fault_itself():
    """BS.1534-3, 4.1.2: where over 25 % of the assessors do, the item does not count."""
    assert set(verdicts(anchors(2, 8)).values()) == {"kept", "excluded"}
    assert set(verdicts(anchors(3, 8)).values()) == {"kept"}


@pytest.mark.parametrize("changes", [{"source": "bass"}, {"attribute": "contamination"}])
def test_the_mid_anchor_is_not_held_against_anybody_where_it_is_as_good(changes):
    assert set(verdicts(anchors(1, 8, **changes)).values()) == {"kept"}


def test_krippendorffs_own_example():
    """Krippendorff 2011, Computing Krippendorff's alpha-reliability, example C: interval 0.849."""
    nan = float("nan")
    coders = [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, nan, nan, nan],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, nan, 3],
        [nan, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, nan],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, nan],
    ]
    rows = [
        {"listener": n, "excerpt": u, "condition": "x", "score": float(value)}
        for n, own in enumerate(coders)
        for u, value in enumerate(own)
        if not np.isnan(value)
    ]
    assert alpha(pd.DataFrame(rows)) == pytest.approx(0.849, abs=5e-4)


def test_lins_concordance():
    x = np.array([1.0, 2, 3, 4])
    assert concordance(x, x) == 1
    assert concordance(x, -x + 5) == pytest.approx(-1)
    assert concordance(x, x + 2) == pytest.approx(2 * 1.25 / (2.5 + 4))


def test_two_modes_show():
    """BS.1534-3, 9.1: over 5/9."""
    rng = np.random.default_rng(0)
    assert bimodality(np.concatenate([rng.normal(20, 5, 200), rng.normal(80, 5, 200)])) > 5 / 9
    assert bimodality(rng.normal(50, 10, 400)) < 5 / 9


def test_excerpts_that_order_systems_otherwise_are_told(tmp_path):
    entries = panel.key(2)
    measured = read_measures(panel.listened(tmp_path, entries).folder)
    means = {"emu": 6.0, "kiwi": 5.0, "rhea": 4.0}
    whole = {
        name: dict.fromkeys(("drums", "bass", "other", "vocals"), v) for name, v in means.items()
    }
    assert warnings(representativeness(measured, whole)) == []
    whole["rhea"]["bass"] = 9.0
    found = representativeness(measured, whole)
    assert warnings(found) == [
        "bass: the excerpts order the systems by nSDR otherwise than the whole test set"
    ]
    assert warnings(representativeness(measured, {})) == []


def test_answers_to_other_sounds_are_refused(answered, tmp_path):
    root, entries, _ = answered
    answer = json.loads((root / "answers" / "good-01.json").read_text())
    for changes, message in (
        ({"sets": "0" * 16}, "answers the sounds 0000000000000000"),
        ({"listener": "no way"}, "is no answer of our page"),
        ({"trials": [{**answer["trials"][0], "trial": "abc.quality.0"}]}, "which .*key.csv lacks"),
    ):
        (tmp_path / "answer.json").write_text(json.dumps({**answer, **changes}))
        with pytest.raises(UserError, match=message):
            read_answers(tmp_path, entries, root / "key.csv")


def test_a_key_that_is_missing_or_of_another_set_is_one_line(answered, tmp_path):
    root, _, _ = answered
    other = panel.listened(tmp_path, panel.key(1), sets="0123456789abcdef")
    sets = root / "sets"
    for given, message in (
        (
            Listened(sets, tmp_path),
            r"key-\w+\.csv: is missing: answers .*; copy it from the mach",
        ),
        (Listened(sets, other.keys), r"is missing \(there are keys, but of other sets\)"),
        (
            other,
            r"key-0123456789abcdef\.csv: is the key of another set, \w+; copy it",
        ),
    ):
        with pytest.raises(UserError, match=message):
            analyse(config(), root / "answers", given, tmp_path / "out", TestSet("toy", {}))
        assert not (tmp_path / "out").exists()
