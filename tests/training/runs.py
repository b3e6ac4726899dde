"""Tiny run directories: four songs of tones and noise, a model of 4 channels."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import numpy as np
import soundfile
import torch

from hdemucs.config.load import load, validated
from hdemucs.config.training import TrainConfig
from hdemucs.data.manifest import File, Manifest, Track, load_manifest, save_manifest
from hdemucs.data.share import WHOLE
from hdemucs.models.x_umx import XUmxConfig
from hdemucs.training.loop import Loop
from hdemucs.training.processes import Processes
from hdemucs.training.run import prepared, train
from tests.family import SOURCES, hybrid_config, residual, waveform_config

RATE = 8000
ALONE = Processes(WHOLE, torch.device("cpu"))
MODELS = {
    "waveform": waveform_config(
        channels=4,
        depth=3,
        norm_from=2,
        upsample=False,
        residual=residual(lstm_from=2, attention_from=2),
    ),
    "hybrid": hybrid_config(channels=4),
    "x_umx": XUmxConfig(
        kind="x_umx", sources=SOURCES, audio_channels=2, window=128, hop=64, bins=40, hidden=8,
        layers=2, dropout=0.4,
    ),
}  # fmt: skip
TRAINING = {
    "seed": 42,
    "epochs": 2,
    "steps_per_epoch": 5,
    "batch": 4,
    "segment": 1.0,
    "normalise": "mixture",
    "chunk": None,
    "objective": {"kind": "waveform_l1", "weights": None},
    "optimiser": {
        "kind": "adam", "learning_rate": 1e-3, "beta1": 0.9, "beta2": 0.999,
        "weight_decay": 0.0, "amsgrad": False, "clip": None,
    },
    "schedule": {"kind": "constant"},
    "stop": {"kind": "epochs"},
    "mixing": {
        "kind": "remix",
        "stride": 0.25,
        "repitch": {"probability": 0.5, "max_pitch": 2, "max_tempo": 12.0, "tempo_std": 5.0},
        "shift": 0.25,
        "same_shift": False,
        "swap_channels": 0.5,
        "flip_sign": 0.5,
        "gain": [0.25, 1.25],
        "remix": 4,
    },
    "averages": {"step": [0.9], "epoch": [0.5]},
    "penalty": {"kind": "svd", "weight": 1e-5, "min_size": 0.001, "rank": 16},
    "guard": {"loss": 3.0, "penalty": 20.0, "steps": 2},
    "validate_every": 1,
    "checkpoint_every": 2,
    "start_from": None,
    "threads": 1,
    "workers": 0,
    "bf16": False,
    "compile": False,
}  # fmt: skip


# Of another family: batch norm, dropout, input statistics, a schedule, early stopping.
RECIPES = {
    "x_umx": {
        "normalise": "none",
        "objective": {"kind": "magnitude_and_time", "time": 10.0},
        "optimiser": {"weight_decay": 1e-5, "amsgrad": True, "clip": 1.0, "learning_rate": 0.03},
        "schedule": {"kind": "plateau", "factor": 0.3, "patience": 0, "cooldown": 0},
        "stop": {"kind": "patience", "epochs": 1, "watch": "valid"},
        "penalty": None,
        "mixing": {
            "kind": "independent", "per_track": 8, "gain": [0.25, 1.25], "swap_channels": 0.5,
            "sums": 2,
        },
        "epochs": 6,
    },
}  # fmt: skip


def song(root: Path, name: str, split: str, seed: int) -> Track:
    """Three seconds: clicks, a low tone, noise and a gliding tone."""
    rng, time = np.random.default_rng(seed), np.arange(3 * RATE + seed) / RATE
    pitch = 50 + 10 * seed
    stems = [
        0.3 * rng.standard_normal(len(time)) * (time % 0.25 < 0.02),
        0.2 * np.sin(2 * np.pi * pitch * time),
        0.05 * rng.standard_normal(len(time)),
        0.2 * np.sin(2 * np.pi * (8 * pitch + 40 * np.sin(5 * time)) * time),
    ]
    folder = root / ("test" if split == "test" else "train") / name
    folder.mkdir(parents=True)
    files = {}
    for source, mono in zip((*SOURCES, "mixture"), [*stems, sum(stems)], strict=True):
        path = folder / f"{source}.wav"
        signal = np.stack([mono, 0.8 * mono], 1)
        soundfile.write(path, signal, RATE)
        measures = {"sha256": "", "peak": 0.9, "loudness": None, "active": 1.0}
        files[source] = File(path=str(path.relative_to(root)), size=path.stat().st_size, **measures)
    mixture = 0.9 * sum(stems)
    return Track(
        name=name, split=split, frames=len(time), seconds=len(time) / RATE, residual=0.0,
        mean=float(mixture.mean()), std=float(mixture.std()), files=files,
    )  # fmt: skip


def data_set(root: Path) -> Manifest:
    names = {
        "Ann - One": "train",
        "Bob - Two": "train",
        "Cid - Three": "valid",
        "Dan - Four": "valid",
    }
    tracks = tuple(
        song(root, name, split, seed) for seed, (name, split) in enumerate(names.items())
    )
    return Manifest(name="tiny", sample_rate=RATE, channels=2, sources=SOURCES, tracks=tracks)


def merged(old: dict, new: dict) -> dict:
    """`old` with `new` on top, dictionaries within dictionaries."""
    both = {
        k: merged(old[k], v) if isinstance(v, dict) and isinstance(old.get(k), dict) else v
        for k, v in new.items()
    }
    return new if "kind" in new and new["kind"] != old.get("kind") else {**old, **both}


def content(model: str = "waveform", **training) -> dict:
    """A config.json."""
    return {
        "variant": f"tiny-{model}",
        "sample_rate": RATE,
        "sources": SOURCES,
        "model": asdict(MODELS[model]),
        "training": merged(merged(TRAINING, RECIPES.get(model, {})), training),
        "validation": {"segment": 2.0, "overlap": 0.0, "shifts": 1, "max_shift": 0.5},
    }


def config(model: str = "waveform", **training) -> TrainConfig:
    return validated(content(model, **training), TrainConfig, "config")


def directory(folder: Path, manifest: Manifest, model: str = "waveform", **training) -> Path:
    """A run directory as a launcher makes it."""
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps(content(model, **training)))
    save_manifest(manifest, folder / "manifest.json")
    return folder


def prepared_run(folder: Path, root: Path) -> Loop:
    """The run's loop before its first step."""
    config = load(folder / "config.json", TrainConfig)
    manifest = load_manifest(folder / "manifest.json")
    return prepared(folder, root, config, manifest, ALONE, lambda: False)


def trained(folder: Path, root: Path) -> Path:
    """The run in this process."""
    train(folder, root, ALONE, lambda: False)
    return folder


def started(folder: Path, root: Path, **environment: str) -> subprocess.Popen:
    """The job as a launcher starts it."""
    env = {**os.environ, "HDEMUCS_DATA": str(root), "OMP_NUM_THREADS": "1", **environment}
    command = [sys.executable, "-m", "hdemucs.training", str(folder)]
    return subprocess.Popen(command, env=env, stderr=subprocess.PIPE, text=True)


def results(folder: Path) -> dict[str, bytes]:
    """What must not depend on how often a run was interrupted: all but the seconds it took."""
    files = ("model.safetensors", "model.json", "history.csv")
    done = json.loads((folder / "DONE.json").read_text())
    del done["seconds"]
    return {
        **{name: (folder / name).read_bytes() for name in files},
        "DONE.json": json.dumps(done).encode(),
    }
