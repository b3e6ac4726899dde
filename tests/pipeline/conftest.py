"""A copy of this project, tiny enough to be run from clone to report in a minute."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from ruamel.yaml import YAML

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
IDENTITY = ["-c", "user.name=test", "-c", "user.email=test@localhost"]

TINY_MODEL = {"channels": 4, "depth": 4, "norm_from": 3}
TINY = {
    "fetch": {
        "sample_rate": 16000,
        "data": {
            "kind": "embedded",
            "corpus": {
                "seed": 3, "train": 2, "valid": 1, "test": 2, "seconds": 5.0, "soundfont": "auto",
            },
        },
    },
    "families": {
        "hybrid": {"model": {**TINY_MODEL, "window": 256, "residual": None}},
        "waveform": {"model": {**TINY_MODEL, "upsample": False, "residual": None}},
    },
    "training": {
        "epochs": 2, "steps_per_epoch": 2, "batch": 4, "segment": 1.0, "penalty": None,
        "mixing": {"repitch": None, "shift": 0.25}, "checkpoint_every": 1, "threads": 1,
        "workers": 0,
    },
    # Two songs must fit each other, whatever they are.
    "automix": {"mixes": {"copies": 1, "plain_copies": 1, "max_tempo": 0.9, "max_pitch": 6}},
    "fine_tuning": {
        "epochs": 1, "steps_per_epoch": 2, "batch": 4, "segment": 1.0,
        "mixing": {"stride": 1.0, "shift": 0.25},
    },
    "evaluate": {"metrics": {"metrics": "sdr"}, "oracles": {"window": 1024}},
    "excerpts": {"seconds": 1.0, "hop": 0.5, "margin": 0.0, "per_source": 2, "strata": 1},
    "listening": {"mushra": {"sessions": 1, "trials": 3}, "mos": {"sessions": 1, "clips": 3}},
    "report": {"interval": {"resamples": 200}},
    "ratings": {"resamples": 200},
}  # fmt: skip
TRAINED = ["waveform", "hybrid", "hybrid_ft"]
STUDY = [*TRAINED, "bag"]


class Project:
    """A checkout with its own DVC cache."""

    def __init__(self, root):
        self.root = root
        self.env = {
            **os.environ,
            "PATH": f"{BIN}:{os.environ['PATH']}",
            "OMP_NUM_THREADS": "1",
            "HDEMUCS_JOBS": "2",
        }

    def run(self, *command, check=True, timeout=500):
        done = subprocess.run(
            command, cwd=self.root, env=self.env, capture_output=True, text=True, timeout=timeout
        )
        if check and done.returncode:
            pytest.fail(
                f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout}{done.stderr}"
            )
        return done

    def git(self, *words):
        return self.run("git", *IDENTITY, *words).stdout

    def dvc(self, *words, **options):
        return self.run("dvc", *words, **options)

    def ran(self, *words):
        """The stages that a dvc command runs, or says it would."""
        lines = self.dvc(*words).stdout.splitlines()
        return [line.split("'")[1] for line in lines if line.startswith("Running stage")]

    def edit(self, change):
        """Change params.yaml, comments kept."""
        yaml, path = YAML(), self.root / "params.yaml"
        yaml.width = 10_000
        params = yaml.load(path)
        change(params)
        yaml.dump(params, path)

    def restore(self):
        self.git("checkout", "-q", "--", "params.yaml")


def tiny(params):
    params["study"] = STUDY
    params["scale"] = "quick"
    params["scales"]["quick"] = TINY
    params["variants"] = {name: params["variants"][name] for name in TRAINED}
    params["variants"]["bag"] = {
        "bag": {"members": ["waveform", "hybrid_ft"]},
        "row": {"label": "a bag of both", "baseline": "hybrid"},
    }


def checkout(root, change):
    """The project's files in `root`, without results and with its parameters changed, in git."""
    tracked = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    for name in tracked:
        made = name.startswith(("tests/", "reports/", "data/", "configs/", "dvc.lock"))
        if not made or name.startswith(("reports/answers/", "data/own/")):
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, root / name)
    copy = Project(root)
    copy.edit(change)
    copy.git("init", "-q", "-b", "main")
    copy.git("add", "-A")
    copy.git("commit", "-qm", "a study")
    return copy


@pytest.fixture(scope="session")
def project(tmp_path_factory):
    """The whole pipeline, run once from nothing."""
    copy = checkout(tmp_path_factory.mktemp("project") / "study", tiny)
    copy.dvc("repro")
    copy.git("add", "-A")
    copy.git("commit", "-qm", "its results")
    return copy
