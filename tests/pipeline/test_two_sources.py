"""Two sources in mono, of one's own songs, through every stage: nothing counts to four or two."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest
import soundfile
from ruamel.yaml import YAML

from tests.pipeline.conftest import ROOT, TINY

YAML_FILE = YAML(typ="safe")
RATE, SOURCES = 16_000, ("voice", "band")
OWN = """
name: mine
root: mine
splits: {train: ["T*"], valid: ["V*"], test: ["E*"]}
stems: {voice: ["voice.wav"], band: ["band.wav"]}
missing: refuse
sample_rate: refuse
channels: refuse
lengths: refuse
"""
WIENER = {
    "kind": "wiener", "iterations": 1, "window": None, "start": "mixture_phase", "swapped": False,
    "transform": {"window": 1024, "hop": 256},
}  # fmt: skip
STAGES = (
    "resolve", "fetch", "automix", "train waveform", "train by_source", "evaluate waveform",
    "evaluate by_source", "oracles", "report", "excerpts", "separate waveform",
    "separate by_source", "listening",
)  # fmt: skip


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """Two variants; one has a network for each source and a filter over both."""
    root, rng = tmp_path_factory.mktemp("project"), np.random.default_rng(0)
    subprocess.run(["git", "init", "-q", root], check=True)
    for name in ("hdemucs", "stages", "cluster.yaml", "dvc.yaml", "pyproject.toml"):
        (root / name).symlink_to(ROOT / name)
    time = np.arange(6 * RATE) / RATE
    for name in ("T1", "T2", "V1", "E1", "E2"):
        (root / "mine" / name).mkdir(parents=True)
        tone = np.sin(2 * np.pi * (300 + 40 * rng.random()) * time)
        voice = 0.3 * tone * (0.5 + 0.5 * np.sin(2 * np.pi * time))
        for source, signal in (("voice", voice), ("band", 0.1 * rng.standard_normal(len(time)))):
            soundfile.write(root / "mine" / name / f"{source}.wav", signal, RATE)
    (root / "mine.yaml").write_text(OWN)
    params = YAML_FILE.load(ROOT / "params.yaml")
    fetch = {"sample_rate": RATE, "channels": 1, "sources": [*SOURCES], "data": "mine.yaml"}
    families = {"waveform": TINY["families"]["waveform"]}
    params["scales"] = {"quick": {**TINY, "fetch": fetch, "families": families}}
    params["own"] = {"mine": {"description": "mine.yaml", "songs": "mine"}}
    params["base"]["families"] = {"waveform": params["base"]["families"]["waveform"]}
    params["base"]["ratings"]["baseline"] = "waveform"
    params["scale"], params["study"] = "quick", ["waveform", "by_source"]
    params["variants"] = {
        "waveform": {"family": "waveform", "row": {"label": "waveform"}},
        "by_source": {
            "family": "waveform", "row": {"label": "a network a source"},
            "training": {"per_source": True}, "separation": {"post": WIENER},
        },
    }  # fmt: skip
    YAML_FILE.dump(params, root / "params.yaml")
    env = {k: v for k, v in os.environ.items() if not k.startswith(("DVC_", "HDEMUCS_"))}
    for stage in STAGES:
        command = [sys.executable, "-m", *f"stages.{stage}".split()]
        done = subprocess.run(
            command, cwd=root, env={**env, "PYTHONPATH": str(root)}, capture_output=True, text=True
        )
        assert done.returncode == 0, f"{stage}: {done.stdout[-500:]}{done.stderr[-2000:]}"
    return root


def test_a_variant_with_a_network_a_source_is_two_trainings_and_one_system(project):
    model = project / "models" / "by_source"
    members = json.loads((model / "ensemble.json").read_text())["members"]
    assert members == {"by_source.voice": {"voice": 1.0}, "by_source.band": {"band": 1.0}}
    for source in SOURCES:
        config = json.loads((model / f"by_source.{source}" / "model.json").read_text())["config"]
        assert (config["sources"], config["audio_channels"]) == ([source], 1)
    runs = json.loads((project / "reports/runs/by_source.json").read_text())["runs"]
    assert len({run["run"] for run in runs}) == 2
    assert len((project / "reports/curves/by_source.csv").read_text().splitlines()) == 3


def test_tables_and_listening_sets_have_the_datas_sources_and_channels(project):
    header = (project / "reports/tables/ablation.csv").read_text().splitlines()[0].lower()
    assert all(source in header for source in SOURCES) and "drums" not in header
    for name in ("waveform", "by_source"):
        summary = json.loads((project / f"reports/scores/{name}/summary.json").read_text())
        assert set(summary["sdr"]) == {"all", *SOURCES}
        for sample in (project / "samples" / name).glob("*.wav"):
            assert soundfile.info(sample).channels == 1
    assert list((project / "reports/listening").rglob("*.flac"))
