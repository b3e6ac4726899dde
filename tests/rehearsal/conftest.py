"""The paper's scale on the stand-in, with tiny models: the real pipeline, run once."""

import pytest

from tests.pipeline.conftest import checkout
from tests.rehearsal import others
from tests.rehearsal.musdb import SECONDS, write
from tests.released.server import Shelf

TRAINED = ["v2_hq", "waveform", "waveform_s43", "hybrid", "hybrid_s43"]
TUNED = ["waveform_ft", "waveform_s43_ft", "hybrid_ft", "hybrid_s43_ft"]
BAGS = ["bag_waveform", "bag_hybrid", "bag_all"]
OTHERS = ["released_bag", "sisec", "somebody"]
BASELINE = "released_bag_waveform"  # of the released bag; it is not run
STUDY = [*TRAINED, *TUNED, *BAGS, "each", *OTHERS]
ADDED = {
    "each": {
        "family": "waveform",
        "training": {"per_source": True, "epochs": 2},
        "row": {"label": "one network a source", "baseline": "waveform"},
    },
    "sisec": {"scores": {"path": "sisec"}, "row": {"label": "scores of SiSEC's form"}},
    "somebody": {"estimates": {"path": "theirs"}, "row": {"label": "somebody's sound files"}},
}

SMALL = {"channels": 4, "depth": 4, "norm_from": None, "residual": None}
# What makes it cheap; no number that the verdict looks at is among it, but the models' sizes.
TINY = {
    "families": {
        "hybrid": {"model": {**SMALL, "window": 1024}},
        "waveform": {"model": {**SMALL, "upsample": False}},
    },
    "training": {
        "steps_per_epoch": 1, "batch": 4, "segment": 0.3, "penalty": None, "validate_every": 600,
        "mixing": {"repitch": None, "shift": 0.1}, "averages": {"step": [], "epoch": []},
        "checkpoint_every": 600, "threads": 1, "workers": 0,
    },
    "fine_tuning": {
        "steps_per_epoch": 1, "batch": 4, "segment": 0.3, "mixing": {"stride": 1.0, "shift": 0.1},
    },
    "automix": {"mixes": {"copies": 1, "plain_copies": 1, "max_tempo": 0.9, "max_pitch": 6}},
    "validation": {"segment": SECONDS},
    "separation": {"segment": SECONDS},
    "evaluate": {
        "metrics": {"metrics": "sdr"}, "oracles": {"names": ["mixture"], "window": 1024},
    },
    "report": {"interval": {"resamples": 200}},
}  # fmt: skip


def rehearsed(params):
    params["study"], params["scale"] = STUDY, "paper"
    params["base"]["listening"]["systems"] = ["hybrid", "bag_all", "released_bag", "somebody"]
    params["scales"]["paper"] = TINY
    known = {**params["variants"], **ADDED}
    params["variants"] = {name: known[name] for name in (*STUDY, BASELINE)}


@pytest.fixture(scope="session")
def project(tmp_path_factory):
    """From params.yaml to the report; listening sets have tests of their own."""
    place = tmp_path_factory.mktemp("rehearsal")
    copy = checkout(place / "study", rehearsed)
    files = others.released(place)
    others.listed(copy.root / "hdemucs/study/released.toml", files)
    others.scores(copy.root / "sisec")
    musdb = write(place / "some copy")
    others.estimates(copy.root / "theirs", musdb)
    shelf = Shelf(files)
    copy.env |= {"MUSDB_ROOT": str(musdb), "HDEMUCS_RELEASED_URL": shelf.url}
    copy.dvc("repro", "report", timeout=3600)
    shelf.close()
    return copy
