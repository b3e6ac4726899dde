"""The paper's scale on the stand-in, with tiny models: the real pipeline, run once."""

import pytest

from tests.pipeline.conftest import checkout
from tests.rehearsal.musdb import SECONDS, write

TRAINED = ["v2_hq", "waveform", "waveform_s43", "hybrid", "hybrid_s43"]
TUNED = ["waveform_ft", "waveform_s43_ft", "hybrid_ft", "hybrid_s43_ft"]
BAGS = ["bag_waveform", "bag_hybrid", "bag_all"]
STUDY = [*TRAINED, *TUNED, *BAGS]

SMALL = {"channels": 4, "depth": 4, "norm_from": None, "residual": None}
# What makes it cheap; no number that the verdict looks at is among it, but the models' sizes.
TINY = {
    "models": {"hybrid": {**SMALL, "window": 1024}, "waveform": {**SMALL, "upsample": False}},
    "training": {
        "steps_per_epoch": 1, "batch": 4, "segment": 1.2, "penalty": None, "validate_every": 600,
        "augment": {"repitch": None, "shift": 0.2}, "averages": {"step": [], "epoch": []},
        "checkpoint_every": 600, "threads": 1, "workers": 0,
    },
    "fine_tuning": {
        "steps_per_epoch": 1, "batch": 4, "segment": 1.2, "stride": 1.0, "augment": {"shift": 0.2},
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
    params["base"]["listening"]["systems"] = ["hybrid", "bag_all"]
    params["scales"]["paper"] = TINY
    params["variants"] = {name: params["variants"][name] for name in STUDY}


@pytest.fixture(scope="session")
def project(tmp_path_factory):
    """From params.yaml to the report; listening sets have tests of their own."""
    place = tmp_path_factory.mktemp("rehearsal")
    copy = checkout(place / "study", rehearsed)
    copy.env["MUSDB_ROOT"] = str(write(place / "some copy"))
    copy.dvc("repro", "report", timeout=1800)
    return copy
