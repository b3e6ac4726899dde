"""The demo page: for each excerpt the mixture, the reference and every system's estimate.

It works from disk and from any static web server. Sounds are inside scripts, because a page opened
from disk may load scripts but not sound files.
"""

from __future__ import annotations

import base64
import io
import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from matplotlib.image import imsave

from hdemucs.config.listening import ListeningConfig
from hdemucs.files import replacing, write_bytes, write_text
from hdemucs.listening.excerpts import Excerpt
from hdemucs.listening.serve.texts import texts
from hdemucs.listening.stimuli.anchors import stft
from hdemucs.listening.stimuli.inputs import Inputs
from hdemucs.listening.stimuli.trials import Pcm, Stimulus, gains, generator, rendered
from hdemucs.metrics.one_source import nsdr_of_one

SITE = Path(__file__).parent / "site"
PLAYER = Path(__file__).parents[1] / "page"
SHARED = ("random.js", "elements.js", "texts.js", "audio.js", "player.js")  # of the listening test
MIXTURE, REFERENCE = "Mixture", "Reference"
FLOOR = -80.0  # dB below full scale, shown in the darkest colour
WIDTH, HEIGHT = 480, 96  # pixels of a spectrogram


def demo(config: ListeningConfig, inputs: Inputs, folder: Path) -> str:
    """Write the page and its sounds to `folder`; return a text about it."""
    temporary = folder.with_name(f".{folder.name}.tmp")
    shutil.rmtree(temporary, ignore_errors=True)
    try:
        made = [
            excerpt_of(config, inputs, excerpt, temporary) for excerpt in chosen(config, inputs)
        ]
        for path in [*sorted(SITE.iterdir()), *(PLAYER / name for name in SHARED)]:
            write_bytes(temporary / path.name, path.read_bytes())
        content = {
            "title": f"Separated excerpts of {inputs.manifest.name}",
            "data": inputs.manifest.name,
            "rate": inputs.manifest.sample_rate,
            "excerpts": made,
            "texts": {"no_sound": texts("en")["no_sound"]},
        }
        write_text(temporary / "data.js", f"Listen.demo = {json.dumps(content, indent=1)};\n")
        shutil.rmtree(folder, ignore_errors=True)
        temporary.replace(folder)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return f"{len(made)} excerpts by name in {folder}"


def chosen(config: ListeningConfig, inputs: Inputs) -> list[Excerpt]:
    """The first excerpts of every source."""
    found = []
    for source in inputs.manifest.sources:
        own = [excerpt for excerpt in inputs.excerpts.excerpts if excerpt.source == source]
        found += own[: config.demo.per_source]
    return found


def excerpt_of(
    config: ListeningConfig, inputs: Inputs, excerpt: Excerpt, folder: Path
) -> dict[str, Any]:
    """Render one excerpt with one gain; return its data for the page."""
    material, rate = inputs.material(excerpt), inputs.manifest.sample_rate
    stimuli = (
        Stimulus(REFERENCE, "reference", material.target),
        Stimulus(MIXTURE, "anchor", material.mixture),
        *(
            Stimulus(name, "system", signal)
            for name, signal in inputs.estimates(excerpt, config.systems).items()
        ),
    )
    fade = round(config.level.fade * rate)
    sounds, players = {}, []
    for place, (stimulus, gain) in enumerate(
        zip(stimuli, gains(config, stimuli, rate), strict=True)
    ):
        dither = generator(config.seed, "demo", excerpt.id, stimulus.condition)
        samples, _ = rendered(stimulus.signal, gain, fade, dither)
        sounds[f"{excerpt.id}/{place}"] = base64.b64encode(flac(samples, rate)).decode()
        image = f"images/{excerpt.id}-{place}.png"
        spectrogram(stimulus.signal * 10 ** (gain / 20), folder / image)
        known = stimulus.role != "reference"
        score = round(nsdr_of_one(material.target, stimulus.signal), 1) if known else None
        name = stimulus.condition
        players.append({"name": name, "nsdr": score, "image": image, "sound": place})
    write_sounds(sounds, folder / "sounds" / f"{excerpt.id}.js")
    return {
        "id": excerpt.id,
        "track": excerpt.track,
        "source": excerpt.source,
        "start": round(excerpt.start / rate, 1),
        "seconds": round(excerpt.frames / rate, 1),
        "players": [players[1], players[0], *players[2:]],
    }


def write_sounds(sounds: Mapping[str, str], path: Path) -> None:
    """Write a script that gives the page its sounds."""
    write_text(path, f"Object.assign(Listen.embedded, {json.dumps(sounds)});\n")


def flac(samples: Pcm, rate: int) -> bytes:
    """Encode as 16-bit FLAC."""
    content = io.BytesIO()
    soundfile.write(content, samples.T, rate, "PCM_16", format="FLAC")
    return content.getvalue()


def spectrogram(signal: np.ndarray, path: Path) -> None:
    """Draw magnitudes in dB over time; frequency grows with the square of the height."""
    power = np.abs(stft(np.asarray(signal, np.float32))).mean(0).T
    level = 20 * np.log10(np.maximum(power / (len(power) / 2), 10 ** (FLOOR / 20)))
    rows = (np.linspace(0, 1, HEIGHT) ** 2 * (level.shape[0] - 1)).astype(int)
    columns = np.linspace(0, level.shape[1] - 1, WIDTH).astype(int)
    with replacing(path) as temporary:
        imsave(
            temporary, level[np.ix_(rows, columns)], vmin=FLOOR, vmax=0, cmap="magma",
            origin="lower", format="png", metadata={"Software": ""},
        )  # fmt: skip
