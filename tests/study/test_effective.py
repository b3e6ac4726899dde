"""What a change of params.yaml reaches, and what it does not."""

import copy
import datetime
import json
from pathlib import Path

import pytest

from hdemucs.errors import UserError
from hdemucs.study.effective import configurations, prune, write_configurations
from hdemucs.study.params import read_params

PARAMS = read_params(Path(__file__).parents[2] / "params.yaml")


def put(path, value):
    """The repository's parameters with one of them changed."""
    params = copy.deepcopy(PARAMS)
    place = params
    *above, last = path.split(".")
    for key in above:
        place = place.setdefault(key, {})
    place[last] = value
    return params


def everything():
    """A study of all variants, of which listeners compare two."""
    params = put("study", list(PARAMS["variants"]))
    params["base"]["listening"]["systems"] = ["waveform", "hybrid"]
    return params


def differing(one, other):
    return {path for path in one.keys() | other.keys() if one.get(path) != other.get(path)}


BEFORE = configurations(PARAMS)


@pytest.mark.parametrize(
    ("path", "value", "reached"),
    [
        ("variants.hybrid.training.batch", 12, {"train/hybrid.json"}),
        ("base.families.waveform.model.depth", 4, set()),  # quick overrides it
        (
            "scales.quick.families.waveform.model.depth",
            4,
            {"train/v2_hq.json", "train/waveform.json"},
        ),
        ("base.training.mixing.stride", 2.0, {f"train/{name}.json" for name in PARAMS["study"]}),
        ("variants.v2_hq.paper.training.epochs", 300, set()),  # another scale's
        ("variants.hybrid.row.label", "x", {"report.json"}),
        ("base.excerpts.seed", 8, {"excerpts.json"}),
        ("variants.hybrid.separation.shifts", 3, {"separation/hybrid.json"}),
    ],
)
def test_a_change_reaches_what_it_concerns_and_nothing_else(path, value, reached):
    assert differing(BEFORE, configurations(put(path, value))) == reached


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("variants.hybrid.training.lrr", 1, "variants.hybrid.training.lrr: is no known parameter"),
        ("variants.hybrid.fmily", "x", "variants.hybrid.fmily: is no known parameter"),
        ("variants.hybrid.family", "hybird", "variants.hybrid.family=hybird: is no known"),
        ("variants.hybrid.training.batch", "8", "variants.hybrid.training.batch: is '8'"),
        ("variants.hybrid.training.batch", 0, "variants.hybrid.training.batch: is 0"),
        ("base.training.optimiser.learning_rate", -1.0, "variants.v2_hq.training.optimiser.learn"),
        ("scales.quick.training.epoch", 4, "scales.quick.training.epoch: is no known parameter"),
        ("base.extra", {}, "base.extra: is no known parameter"),
        ("scale", "quik", "scale=quik: is no known scale; did you mean 'quick'?"),
        ("study", ["hybrid", "hybrid"], "study: must list each"),
        ("study", [], "study: must list each"),
        ("study", ["hybird"], "study.hybird: is no known variant; did you mean 'hybrid'?"),
        ("variants.a-b", {"family": "hybrid"}, "variants.a-b: is no name that a stage can have"),
        ("base.fetch.sources", "vocals", "fetch.sources: is no list of different names"),
        ("base.fetch.sources", ["vocals", "all"], "fetch.sources: names all, which means all"),
        (
            "base.fetch.sources",
            ["vocals", "rest"],
            "fetch.data: has the sources bass, drums, other",
        ),
        ("base.fetch.extra", "extra.yaml", "fetch.extra: is no list of data sets; write it as a l"),
        ("variants.mwf", {"family": "hybrid"}, "variants.mwf: is the name of an oracle"),
        ("variants.quality", {"family": "hybrid"}, "variants.quality: is the name of a condition"),
        ("variants.hybrid.row.label", "spectrogram only", "variants.hybrid.row.label: is 'spectr"),
        ("variants.hybrid.family", None, "variants.hybrid.family=None: is no known family"),
        ("variants.hybrid.bag", {}, "variants.hybrid: has no kind, or more than one"),
        (
            "variants.hybrid",
            {"row": {"label": "x"}},
            "variants.hybrid: has no kind, or more than one",
        ),
        ("variants.hybrid_ft.fine_tune", "hybird", "variants.hybrid_ft.fine_tune=hybird: is no"),
        ("variants.hybrid_ft.fine_tune", "bag_all", "variants.hybrid_ft.fine_tune=bag_all: cannot"),
        ("variants.bag_all.bag.members", ["x"], "variants.bag_all.bag.members=x: is no known"),
        ("variants.bag_all.bag.weight", [], "variants.bag_all.bag.weight: is no known parameter"),
        ("study", ["hybrid_ft"], "study.hybrid_ft: is built upon hybrid, which is not in the"),
        ("variants.hybrid.row", None, "variants.hybrid.row: is missing"),
        ("variants.hybrid.row.seed_of", "x", "variants.hybrid.row.label: is no known parameter"),
        ("variants.spectrogram.row.baseline", "hybird", "variants.spectrogram.row: hybird: is no"),
        ("variants.hybrid.model.channels", 1.5, "variants.hybrid.model.channels: is 1.5"),
        ("study", list(PARAMS["variants"]), "listening.systems: makes"),
        ("base.listening.systems", ["hybird"], "listening.systems=hybird: is no known variant"),
        (
            "scales.quick.fetch.sample_rate",
            8000,
            "listening.anchors.names: lowpass-7000 does not exist at fetch.sample_rate=8000;",
        ),
        ("scales.quick.families.waveform.model.depth", 1, "variants.v2_hq.model.depth: is 1"),
        ("typo", 1, "params.yaml.typo: is no known parameter"),
        ("base.evaluate.metrics.hop", 0.0, "evaluate.metrics.hop: is 0"),
    ],
)
def test_a_wrong_parameter_is_refused_in_one_line(path, value, said):
    with pytest.raises(UserError) as refusal:
        configurations(put(path, value))
    assert "\n" not in str(refusal.value)
    assert str(refusal.value).startswith(said), refusal.value


def test_both_scales_are_whole_and_paper_is_the_papers():
    paper = configurations(put("scale", "paper"))
    hybrid = paper["train/hybrid.json"]
    assert (hybrid["model"]["channels"], hybrid["training"]["batch"]) == (48, 64)
    assert paper["train/waveform.json"]["model"]["channels"] == 64
    assert paper["train/v2_hq.json"]["training"]["epochs"] == 360
    assert paper["separation/v2_hq.json"]["separation"]["shifts"] == 10
    assert BEFORE.keys() == paper.keys()


def test_a_variant_outside_the_study_is_checked_and_not_written():
    params = put("study", ["hybrid"])
    assert "train/v2_hq.json" not in configurations(params)
    params["variants"]["v2_hq"]["model"]["activation"] = "selu"
    with pytest.raises(UserError, match=r"variants\.v2_hq"):
        configurations(params)


def test_fine_tuning_keeps_what_its_origin_is_and_hangs_on_it():
    before = configurations(everything())
    tuned, origin = (before[f"train/{name}.json"] for name in ("waveform_s43_ft", "waveform_s43"))
    assert tuned["model"] == origin["model"]
    assert tuned["training"]["seed"] == 43
    assert tuned["training"]["mixing"]["remix"] is None
    params = everything()
    params["variants"]["hybrid"]["training"] = {"batch": 12}
    assert differing(before, configurations(params)) == {
        f"train/{name}.json" for name in ("hybrid", "hybrid_ft", "bag_hybrid", "bag_all")
    }


def test_seeds_share_a_row_and_a_missing_baseline_falls_away():
    whole = configurations(everything())["report.json"]["rows"]
    systems = {row["name"]: row["systems"] for row in whole}
    assert systems["hybrid"] == ["hybrid", "hybrid_s43"]
    assert [row["name"] for row in whole] == [
        name for name, v in PARAMS["variants"].items() if "seed_of" not in v["row"]
    ]
    alone = configurations(put("study", ["spectrogram", "hybrid_s43"]))["report.json"]["rows"]
    assert [(row["name"], row["baseline"]) for row in alone] == [
        ("spectrogram", None),
        ("hybrid_s43", None),
    ]


def test_listeners_compare_the_study_or_what_is_named_of_it():
    for params, heard in ((PARAMS, PARAMS["study"]), (everything(), ["waveform", "hybrid"])):
        files = configurations(params)
        assert [files[f"{name}.json"]["systems"] for name in ("listening", "ratings")] == 2 * [
            heard
        ]


OWN = """\
name: mine
root: songs
splits: {train: ["a*"], valid: ["b*"], test: ["c*"]}
stems: {drums: ["d*.wav"], bass: ["b*.wav"], other: ["o*.wav"], vocals: ["v*.wav"]}
missing: refuse
sample_rate: convert
channels: convert
lengths: refuse
"""


def test_a_data_set_is_described_here_or_in_a_file_of_its_own(tmp_path):
    (tmp_path / "mine.yaml").write_text(OWN)
    params = put("scales.quick.fetch.data", str(tmp_path / "mine.yaml"))
    params["scales"]["quick"]["fetch"]["extra"] = [str(tmp_path / "mine.yaml")]
    with pytest.raises(UserError, match=r"mine\.yaml: is not listed under `own` in params\.yaml"):
        configurations(params)
    songs = str(tmp_path / "songs")
    params["own"] = {"mine": {"description": str(tmp_path / "mine.yaml"), "songs": songs}}
    fetched = configurations(params)["fetch.json"]
    assert (fetched["data"]["kind"], fetched["data"]["name"]) == ("own", "mine")
    assert fetched["extra"] == [fetched["data"]]
    with pytest.raises(UserError, match=r"nothing\.yaml: is missing"):
        configurations(put("scales.quick.fetch.data", "nothing.yaml"))


def test_files_stay_untouched_where_nothing_changed(tmp_path):
    write_configurations(BEFORE, tmp_path)
    (tmp_path / "train" / "gone.json").write_text("{}")
    times = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.json")}
    write_configurations(BEFORE, tmp_path)
    assert not (tmp_path / "train" / "gone.json").exists()
    for path in tmp_path.rglob("*.json"):
        assert path.stat().st_mtime_ns == times[path]
        assert json.loads(path.read_text()) == BEFORE[path.relative_to(tmp_path).as_posix()]


def test_only_outputs_of_unknown_variants_are_pruned(tmp_path):
    for name in ("hybrid", "old"):
        (tmp_path / name).mkdir()
        (tmp_path / f"{name}.csv").touch()
    (tmp_path / ".gitignore").touch()
    gone = prune({tmp_path: {"hybrid"}, tmp_path / "absent": set()})
    assert {path.name for path in gone} == {"old", "old.csv"}
    assert {path.name for path in tmp_path.iterdir()} == {"hybrid", "hybrid.csv", ".gitignore"}


def numbers(tree, path=""):
    """The dotted names of all numbers of nested mappings, those in lists apart."""
    for key, value in tree.items():
        if isinstance(value, dict):
            yield from numbers(value, f"{path}{key}.")
        elif isinstance(value, int | float) and not isinstance(value, bool):
            yield f"{path}{key}"


VARIANTS = PARAMS["variants"]
ONE_EACH = {  # by family or kind, what it is built upon included
    **{v["family"]: name for name, v in reversed(VARIANTS.items()) if "family" in v},
    "baseline": "hybrid", "origin": "waveform", "fine_tune": "waveform_ft",
    "second": "waveform_s43", "second_ft": "waveform_s43_ft", "bag": "bag_waveform",
}  # fmt: skip


@pytest.mark.parametrize("value", [float("inf"), float("nan"), 10**400])
def test_no_number_is_infinite(value):
    """Each number of the file in its turn: refused, unless another scale's or overridden.

    With one variant a family, and one of each other kind: these read every number there is.
    """
    names = ONE_EACH.values()
    some = {"study": [ONE_EACH["hybrid"]], "variants": {name: VARIANTS[name] for name in names}}
    paths = list(numbers({name: PARAMS[name] for name in ("base", "scales")}))
    before, refused = configurations(PARAMS | some), 0
    for path in paths:
        try:
            found = configurations(put(path, value) | some)
        except UserError as error:
            assert "\n" not in str(error)
            refused += 1
        else:
            json.dumps(found, allow_nan=False)
            assert found == before or isinstance(value, int)
    assert refused > len(paths) // 3


@pytest.mark.parametrize("value", [datetime.date(2020, 1, 1), {1: {2: "x"}}, [[]] * 3, b"x", {()}])
def test_what_yaml_has_beside_json_is_one_line(value):
    with pytest.raises(UserError, match=r"excerpts\.seed: "):
        configurations(put("base.excerpts.seed", value))


def test_a_mapping_within_itself_is_one_line():
    params = put("base.excerpts.seed", {})
    params["base"]["excerpts"]["seed"]["x"] = params["base"]["excerpts"]
    with pytest.raises(UserError, match=r"holds what no parameter can be|is \{"):
        configurations(params)


def test_everything_follows_from_the_one_list_of_sources():
    """Own songs of two sources: models, their counts and whatever is weighed by source."""
    own = {
        "kind": "own", "name": "mine", "root": "songs", "splits": {"train": ["*"]},
        "stems": {"vocals": ["v*"], "rest": ["r*"]},
        "missing": "silence", "sample_rate": "convert", "channels": "convert", "lengths": "convert",
    }  # fmt: skip
    params = put("base.fetch.sources", ["vocals", "rest"])
    params["base"]["fetch"]["data"] = own
    params["scales"]["quick"]["fetch"]["data"] = own
    made = configurations(params)
    trained = [content for path, content in made.items() if path.startswith("train/")]
    assert len(trained) == len(PARAMS["study"])
    assert {tuple(content["model"]["sources"]) for content in trained} == {("vocals", "rest")}
    params["study"] = [*PARAMS["study"], "waveform_ft"]
    configurations(params)
