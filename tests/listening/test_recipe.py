"""The recipe for R and JASP that lies beside ratings.csv runs, and finds what our tables say."""

import re
import shutil
import subprocess

import pandas as pd
import pytest

from hdemucs.listening.analysis.analyse import Listened, analyse
from hdemucs.listening.analysis.describe import MEAN
from hdemucs.listening.analysis.whole import TestSet
from tests.listening import panel
from tests.listening.test_analysis import answered, config  # noqa: F401  a fixture

NEEDED = ("lme4", "emmeans")
CLOSE = 0.5  # of 100: a mixed model weighs listeners otherwise than a mean does
PACKAGES = "r-base-core r-cran-lme4 r-cran-emmeans"
KEEP = """
write.csv(as.data.frame(emmeans(model, "condition")), "r-means.csv")
write.csv(as.data.frame(contrast(emmeans(model, "condition"), "trt.vs.ctrl", ref = 1)), "r-to.csv")
"""
JASP = """
own$condition <- relevel(own$condition, "rhea")
slopes <- afex::mixed(score ~ condition * source + (condition | listener) + (condition | excerpt),
                      data = own, method = "S", progress = FALSE)
write.csv(as.data.frame(emmeans(slopes, "condition")), "jasp-means.csv")
write.csv(as.data.frame(contrast(emmeans(slopes, "condition"), "trt.vs.ctrl", ref = "rhea",
                                 adjust = "holm")), "jasp-to.csv")
"""


def has(*packages):
    if shutil.which("Rscript") is None:
        return False
    asked = " && ".join(f"requireNamespace('{name}', quietly = TRUE)" for name in packages)
    return (
        subprocess.run(["Rscript", "-e", f"quit(status = !({asked}))"], check=False).returncode == 0
    )


pytestmark = pytest.mark.skipif(not has(*NEEDED), reason=f"needs R: apt-get install {PACKAGES}")


@pytest.fixture(scope="module")
def analysed(answered, tmp_path_factory):  # noqa: F811
    """The folder with the tables, and our means of the set `mushra`."""
    root, _, _ = answered
    out = tmp_path_factory.mktemp("tables")
    analyse(config(), root / "answers", Listened(root / "sets", root / "keys"), out,
            TestSet("MUSDB18-HQ", {}))  # fmt: skip
    cells = pd.read_csv(out / "cells.csv")
    asked = cells["attribute"].eq("quality") & cells["column"].eq(MEAN)
    own = cells[asked & cells["condition"].isin(panel.SYSTEMS)]
    return out, own.set_index("condition")["mean"]


def ran(out, code):
    """R's own word if it ends with an error."""
    (out / "recipe.R").write_text(code)
    done = subprocess.run(
        ["Rscript", "recipe.R"], cwd=out, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def recipe(out):
    text = (out / "analyse-in-r-and-jasp.md").read_text()
    return re.search(r"```r\n(.*?)```", text, re.S).group(1)


def means(out, name):
    return pd.read_csv(out / name).set_index("condition")["emmean"]


def test_rs_means_are_ours(analysed):
    out, ours = analysed
    ran(out, recipe(out) + KEEP)
    found = means(out, "r-means.csv")
    assert set(found.index) == set(panel.SYSTEMS)
    assert (found - ours).abs().max() < CLOSE


@pytest.mark.skipif(not has("afex"), reason="needs r-cran-afex, which JASP fits its models by")
def test_jasps_means_and_contrasts_are_ours(analysed):
    out, ours = analysed
    ran(out, recipe(out) + JASP)
    assert (means(out, "jasp-means.csv") - ours).abs().max() < CLOSE
    to = pd.read_csv(out / "jasp-to.csv").set_index("contrast")["estimate"]
    for name, estimate in to.items():
        other = str(name).split(" - ")[0]
        assert estimate == pytest.approx(ours[other] - ours["rhea"], abs=CLOSE)
