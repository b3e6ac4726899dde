"""A small data set and two systems to listen to: seconds long, 16 kHz, made on the spot."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np

from hdemucs import audio
from hdemucs.config.listening import ExcerptsConfig, ListeningConfig, RatingsConfig
from hdemucs.config.load import validated
from hdemucs.data.manifest import File, Manifest, Track
from hdemucs.listening.excerpts import sample_path
from hdemucs.listening.secret import NameSource
from hdemucs.listening.selection import select_from
from hdemucs.listening.stimuli.inputs import Inputs
from hdemucs.listening.stimuli.sets import build_sets

RATE = 16_000
SOURCES = ("drums", "bass", "other", "vocals")
SYSTEMS = ("wombat", "quokka")  # names that no text has by chance
TEST, TRAIN = ("Ada - One", "Bob - Two", "Cy - Three"), ("Di - Zero",)
SECONDS = 7

EXCERPTS = {
    "seed": 7, "seconds": 3.0, "hop": 1.0, "margin": 1.0, "per_source": 2, "strata": 3,
    "activity": {
        "floor": -70.0, "below_track": 20.0, "below_mixture": 20.0,
        "share": 0.5, "relaxed_share": 0.3,
    },
}  # fmt: skip
LISTENING = {
    "name": "trial-run", "seed": 7, "systems": list(SYSTEMS),
    "level": {"gain": "trial", "loudness": -23.0, "peak": -1.0, "fade": 0.02},
    "anchors": {
        "names": ["lowpass-3500", "lowpass-7000", "mixture", "quality"],
        "transparent": 25.0, "audible": -60.0, "dropped_frames": 0.2, "noise_zeroed": 0.99,
    },
    "training": {"accompaniment": [-18.0, -12.0, -6.0], "noise": [-24.0, -16.0, -6.0]},
    "mushra": {"sessions": 4, "trials": 5, "replicates": 1},
    "mos": {"sessions": 3, "clips": 6},
    "demo": {"per_source": 1},
}  # fmt: skip
RATINGS = {
    "seed": 7, "systems": list(SYSTEMS), "baseline": "quokka", "confidence": 0.95,
    "resamples": 500, "cleaning": {"shortest": 0.3, "heard": 0.95},
    "screening": {
        "reference_below": 90.0, "anchor_above": 90.0, "share": 0.15, "item_share": 0.25,
        "fewest": 7, "mixture_above": 50.0, "concordance_below": 0.6,
        "attention": 0.6, "opinion": {"gap": 0.0, "same": 0.95, "fewest": 3},
    },
}  # fmt: skip


def excerpts_config(**changes) -> ExcerptsConfig:
    return replace(validated(EXCERPTS, ExcerptsConfig, "excerpts"), **changes)


def listening_config(**changes) -> ListeningConfig:
    return replace(validated(LISTENING, ListeningConfig, "listening"), **changes)


def ratings_config(**changes) -> RatingsConfig:
    return replace(validated(RATINGS, RatingsConfig, "ratings"), **changes)


def stems(seed: int, rate: int = RATE, seconds: float = SECONDS) -> dict[str, np.ndarray]:
    """Drums of noise, a low bass, a chord and a voice with vibrato; [2, sample] each."""
    rng, time = np.random.default_rng(seed), np.arange(round(seconds * rate)) / rate
    beat = np.exp(-12 * (time % 0.5))
    phase = 2 * np.pi * 220 * time + 3 * np.sin(2 * np.pi * 5 * time)
    mono = {
        "drums": beat * rng.normal(size=len(time)),
        "bass": np.sin(2 * np.pi * (55 + 5 * seed) * time),
        "other": sum(
            np.sin(2 * np.pi * f * (1 + 0.1 * seed) * time) / 3 for f in (330, 660, 990, 2900)
        ),
        "vocals": sum(np.sin(k * phase) / k for k in range(1, 30)),
    }
    pan = {"drums": 1.0, "bass": 1.0, "other": 0.6, "vocals": 1.1}
    return {
        name: (0.1 * np.stack([signal, pan[name] * signal])).astype(np.float32)
        for name, signal in mono.items()
    }


def corpus(root: Path, rate: int = RATE) -> Manifest:
    """The stems of all tracks below `root`, and their manifest."""
    tracks = []
    for seed, name in enumerate((*TEST, *TRAIN)):
        made = stems(seed, rate)
        split = "test" if name in TEST else "valid"
        files = {}
        for source, signal in made.items():
            place = f"{'test' if split == 'test' else 'train'}/{name}/{source}.wav"
            audio.write(root / place, signal, rate)
            files[source] = File(
                path=place, size=1, sha256="", peak=0.1, loudness=-20.0, active=1.0
            )
        frames = made["drums"].shape[1]
        tracks.append(
            Track(
                name=name,
                split=split,
                frames=frames,
                seconds=frames / rate,
                mean=0.0,
                std=1.0,
                residual=0.0,
                files=files,
            )
        )
    return Manifest(name="toy", sample_rate=rate, channels=2, sources=SOURCES, tracks=tuple(tracks))


def inputs(folder: Path, rate: int = RATE, **changes) -> Inputs:
    """A corpus, its excerpts and both systems' samples below `folder`."""
    root = folder / "data"
    manifest = corpus(root, rate)
    excerpts = select_from(excerpts_config(**changes), manifest, root)
    found = Inputs(root, manifest, excerpts, folder / "samples")
    for excerpt in excerpts.excerpts:
        material = found.material(excerpt)
        rng = np.random.default_rng(3)
        noise = rng.normal(size=material.target.shape).astype(np.float32)
        estimates = {
            "wombat": material.target + 0.1 * sum(material.rest),
            "quokka": 0.8 * material.target + 0.4 * sum(material.rest) + 0.005 * noise,
        }
        for system, estimate in estimates.items():
            audio.write(sample_path(found.samples, system, excerpt), estimate, rate, bits=24)
    return found


def build(config, inputs, root, secret="s3cret"):
    return build_sets(config, inputs, root, NameSource("secret", secret))


def tree(folder: Path) -> dict[str, bytes]:
    """Every file below `folder` by its relative path."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def read(path: Path):
    return json.loads(path.read_text())
