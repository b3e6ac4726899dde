"""Change pitch and tempo of training examples, in the process that reads them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import numpy as np
from jaxtyping import Float32
from pydantic import Field
from pydantic.dataclasses import dataclass

from hdemucs.config.base import STRICT
from hdemucs.data.stretch import stretched

Stems = Float32[np.ndarray, "source channel sample"]
Batch = Float32[np.ndarray, "batch source channel sample"]
Shorter = Float32[np.ndarray, "batch source channel shorter"]
Stretched = Float32[np.ndarray, "source channel stretched"]


@dataclass(frozen=True, kw_only=True, config=STRICT)
class RepitchConfig:
    """Changes of pitch and tempo, the same for all stems of an example.

    Every example, changed or not, is cut to the length that remains at the fastest tempo.
    """

    probability: Annotated[float, Field(ge=0, le=1)]
    max_pitch: Annotated[int, Field(ge=0)]  # semitones
    max_tempo: Annotated[float, Field(ge=0, lt=50)]  # percent
    tempo_std: Annotated[float, Field(ge=0)]  # percent


class Repitch:
    """Changes an example with a probability: all of its stems alike, so that they fit together."""

    def __init__(self, config: RepitchConfig, rate: int) -> None:
        """`rate` in Hz."""
        self.config, self.rate = config, rate

    def __call__(self, batch: Batch, seeds: Sequence[int]) -> Shorter:
        """Change each example by its own seed, and cut all to the length that is left at the
        fastest tempo.
        """
        length = self.kept(batch.shape[-1])
        out = np.ascontiguousarray(batch[..., :length])
        for stems, changed, seed in zip(batch, out, seeds, strict=True):
            generator = np.random.default_rng(seed)
            if generator.random() < self.config.probability:
                changed[:] = self.example(stems, generator)[..., :length]
        return out

    def kept(self, length: int) -> int:
        """How many of `length` samples every example keeps: 88 % for tempi up to +-12 %."""
        return int((1 - 0.01 * self.config.max_tempo) * length)

    def example(self, stems: Stems, generator: np.random.Generator) -> Stretched:
        """Change all stems of an example by one random draw."""
        most = self.config.max_tempo
        semitones = int(generator.integers(-self.config.max_pitch, self.config.max_pitch + 1))
        tempo = float(np.clip(generator.normal(0, self.config.tempo_std), -most, most))
        return stretched(stems, self.rate, semitones, 1 + 0.01 * tempo)
