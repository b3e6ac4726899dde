"""The configuration of a training run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass

from hdemucs.config.base import STRICT
from hdemucs.config.model import Count, ModelConfig
from hdemucs.config.parts import chosen
from hdemucs.config.separation import SeparationConfig

Natural = Annotated[int, Field(ge=0)]
Positive = Annotated[float, Field(gt=0)]
Decay = Annotated[float, Field(ge=0, lt=1)]


@dataclass(frozen=True, kw_only=True, config=STRICT)
class AverageConfig:
    """Decays of the exponential moving averages of the weights."""

    step: tuple[Decay, ...]
    epoch: tuple[Decay, ...]


@dataclass(frozen=True, kw_only=True, config=STRICT)
class GuardConfig:
    """When a run counts as diverged: factors over the lowest running means that it has had."""

    loss: Annotated[float, Field(gt=1)]
    penalty: Annotated[float, Field(gt=1)]
    steps: Count  # steps of the running means; fewer show no trend


@dataclass(frozen=True, kw_only=True, config=STRICT)
class StartConfig:
    """The finished model that fine-tuning starts from."""

    variant: str
    config: str  # SHA-256 of that variant's own configuration; it changes with the start


@dataclass(frozen=True, kw_only=True, config=STRICT)
class TrainingConfig:
    """The recipe of a training."""

    seed: Natural
    epochs: Count
    steps_per_epoch: Count | None  # None: one pass over the data
    batch: Count  # examples of all processes together
    segment: Positive  # seconds that are read for an example
    normalise: Literal["mixture", "none"]  # songs scaled by their mono mixture, or not at all
    chunk: Positive | None  # seconds that songs must be cut into; None: any length will do
    objective: Annotated[Any, chosen("objective")]
    optimiser: Annotated[Any, chosen("optimiser")]
    schedule: Annotated[Any, chosen("schedule")]
    stop: Annotated[Any, chosen("stop")]
    penalty: Annotated[Any, chosen("penalty", optional=True)]
    mixing: Annotated[Any, chosen("mixing")]
    averages: AverageConfig
    guard: GuardConfig
    validate_every: Count  # epochs
    checkpoint_every: Count  # steps
    start_from: StartConfig | None  # that model is in the run's start/; None: new weights
    threads: Count  # of torch, in every process
    workers: Natural  # processes that read examples; 0: the training process itself
    bf16: bool  # autocast; STFT, loss and penalty stay in 32 bits
    compile: bool  # torch.compile, layer by layer


# The settings that only decide how the work is done: the weights do not depend on them.
OPERATIONAL = ("workers", "checkpoint_every", "guard")


@dataclass(frozen=True, kw_only=True, config=STRICT)
class TrainConfig:
    """All settings that a training job reads: configs/train/<variant>.json."""

    variant: str
    sample_rate: Count  # Hz
    sources: Annotated[tuple[str, ...], Field(min_length=1)]  # of the data: the mixture's parts
    model: Annotated[ModelConfig, chosen("model")]
    training: TrainingConfig
    validation: SeparationConfig  # how whole songs are separated to choose the best weights


def deciding(config: Mapping[str, Any]) -> dict[str, Any]:
    """The part of a TrainConfig, as JSON, that decides the weights.

    It includes `threads`, `bf16` and `compile`, since sums depend on them, and `validate_every`,
    since the best weights are chosen among those that are validated.
    """
    recipe = {k: v for k, v in config["training"].items() if k not in OPERATIONAL}
    return {**config, "training": recipe}
