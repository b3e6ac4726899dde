"""A parameter is changed where it is, or refused."""

import pytest

from hdemucs.errors import UserError
from hdemucs.study.params import changed, read_params

BASE = {"lr": 0.1, "penalty": None, "residual": {"depth": 2, "scale": 1e-3}, "ema": [0.9]}


def test_leaves_change_and_the_rest_stays():
    out = changed(BASE, {"residual": {"depth": 3}, "ema": []}, "x")
    assert out == {**BASE, "residual": {"depth": 3, "scale": 1e-3}, "ema": []}


def test_a_part_is_switched_off_and_on():
    assert changed(BASE, {"residual": None}, "x")["residual"] is None
    assert changed(BASE, {"penalty": {"weight": 1}}, "x")["penalty"] == {"weight": 1}


def test_another_kind_takes_the_whole_place():
    base = {"data": {"kind": "zip", "url": "x"}}
    assert changed(base, {"data": {"kind": "own", "root": "y"}}, "x")["data"] == {
        "kind": "own",
        "root": "y",
    }
    assert changed(base, {"data": {"url": "z"}}, "x")["data"] == {"kind": "zip", "url": "z"}


def test_nothing_is_changed_in_place():
    changed(BASE, {"residual": {"depth": 9}}, "x")
    assert BASE["residual"]["depth"] == 2


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"lrr": 1}, "variants.hybrid.lrr: is no known parameter; did you mean 'lr'?"),
        (
            {"residual": {"zzz": 1}},
            "variants.hybrid.residual.zzz: is no known parameter; known are",
        ),
    ],
)
def test_an_unknown_key_is_refused_by_its_path(changes, said):
    with pytest.raises(UserError) as refusal:
        changed(BASE, changes, "variants.hybrid")
    assert str(refusal.value).startswith(said)
    assert "\n" not in str(refusal.value)


def test_numbers_are_read_as_dvc_reads_them(tmp_path):
    (tmp_path / "p.yaml").write_text("a: 1e-3\nb: 3.0e-4\nc: 'x'\n")
    assert read_params(tmp_path / "p.yaml") == {"a": 1e-3, "b": 3e-4, "c": "x"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: 1\na: 2\n", "p.yaml:2: found duplicate key"),
        ("a: [1\n", "p.yaml:2: "),
        ("- 1\n", "p.yaml: holds no mapping"),
        (None, "p.yaml: is missing"),
    ],
)
def test_a_damaged_file_is_one_line(tmp_path, monkeypatch, text, said):
    monkeypatch.chdir(tmp_path)
    from pathlib import Path

    path = Path("p.yaml")
    if text is not None:
        path.write_text(text)
    with pytest.raises(UserError) as refusal:
        read_params(path)
    assert str(refusal.value).startswith(said), refusal.value
    assert "\n" not in str(refusal.value)
