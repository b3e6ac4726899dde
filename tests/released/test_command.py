"""The line that checks the paper's numbers without training, as the README and make have it."""

import re

import pytest

from hdemucs.report.published import published
from hdemucs.study.effective import configurations
from hdemucs.study.params import read_params
from tests.pipeline.conftest import ROOT

PARAMS = read_params(ROOT / "params.yaml")
FOUND = {
    "README.md": r"-S scale=released -S 'study=\[([a-z_,]+)\]'",
    "Makefile": r"^PUBLISHED := ([a-z_,]+)$",
}


@pytest.mark.parametrize("name", FOUND)
def test_it_asks_for_the_rows_of_tables_3_and_6(name):
    [told] = re.findall(FOUND[name], (ROOT / name).read_text(), re.MULTILINE)
    study = told.split(",")
    rows = {key for each in study for key in PARAMS["variants"][each]["row"]["published"]}
    released = {key for key, row in published().items() if row.models and row.table in ("T3", "T6")}
    others = {key for key in released if key.endswith("demucs-v2")}  # no released model repeats it
    assert {key for key in rows if key[:2] in ("T3", "T6")} == released - others
    asked = configurations({**PARAMS, "scale": "released", "study": study})
    assert asked["fetch.json"]["data"]["kind"] == "musdb"
    assert {asked[f"train/{each}.json"]["kind"] for each in study} == {"released"}
