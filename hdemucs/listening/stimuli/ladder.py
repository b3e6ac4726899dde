"""What listeners train on: graded examples for each question (Ward et al. 2018)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hdemucs.config.listening import Attribute, ListeningConfig
from hdemucs.listening.excerpts import Excerpt
from hdemucs.listening.stimuli.anchors import Material, levelled, musical_noise, total
from hdemucs.listening.stimuli.trials import REFERENCE, Stimulus, Trial, gains, generator
from hdemucs.loudness import loudness

NAMES: dict[Attribute, str] = {"quality": "noise", "contamination": "accompaniment"}


@dataclass(frozen=True)
class Ladder:
    """A training trial: the reference, its graded impairments, and the text about each."""

    trial: Trial
    attribute: Attribute
    captions: dict[
        str, str
    ]  # by condition: "reference", or attribute and level, for the page's texts


def ladders(config: ListeningConfig, materials: Sequence[tuple[Excerpt, Material]]) -> list[Ladder]:
    """Graded examples for each attribute, from different excerpts if there are several."""
    return [
        ladder(config, attribute, *materials[place % len(materials)])
        for place, attribute in enumerate(NAMES)
        if materials
    ]


def ladder(
    config: ListeningConfig, attribute: Attribute, excerpt: Excerpt, material: Material
) -> Ladder:
    """The target with the attribute's impairment, in steps."""
    rng = generator(config.seed, "training", excerpt.id, attribute)
    added = impairment(config, attribute, material, rng)
    steps = {"quality": config.training.noise, "contamination": config.training.accompaniment}
    names = {f"{NAMES[attribute]}{level:+g}": level for level in steps[attribute]}
    target = loudness(material.target, material.rate)
    made = [
        Stimulus(name, "anchor", material.target + levelled(added, target + level, material.rate))
        for name, level in names.items()
    ]
    stimuli = (Stimulus(REFERENCE, "reference", material.target), *made)
    captions = {name: f"{attribute}:{-level:g}" for name, level in names.items()}
    trial = Trial(excerpt, material.rate, stimuli, gains(config, stimuli, material.rate), {})
    return Ladder(trial, attribute, {REFERENCE: REFERENCE, **captions})


def impairment(
    config: ListeningConfig, attribute: Attribute, material: Material, rng: np.random.Generator
) -> np.ndarray:
    """The impairment: musical noise made from the target, or the other instruments."""
    if attribute == "quality":
        return musical_noise(material.target, config.anchors.noise_zeroed, rng)
    return total(material.rest)
