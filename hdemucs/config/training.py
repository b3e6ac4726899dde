"""What one training run is asked: the paper's recipe in numbers (paper facts 2)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field
from pydantic.dataclasses import dataclass

from hdemucs.config.base import STRICT
from hdemucs.config.model import Count, ModelConfig
from hdemucs.config.parts import chosen
from hdemucs.config.separation import SeparationConfig

Natural = Annotated[int, Field(ge=0)]
Positive = Annotated[float, Field(gt=0)]
Share = Annotated[float, Field(ge=0, le=1)]
Decay = Annotated[float, Field(ge=0, lt=1)]


@dataclass(frozen=True, kw_only=True, config=STRICT)
class AdamConfig:
    """Adam with a constant rate, as in the paper."""

    learning_rate: Positive
    beta1: Decay
    beta2: Decay


@dataclass(frozen=True, kw_only=True, config=STRICT)
class RepitchConfig:
    """Pitch and tempo of an example's stems, changed together (paper facts 2.3, step 1).

    Every example, changed or not, is cut to the length that the fastest tempo leaves.
    """

    probability: Share
    max_pitch: Natural  # semitones
    max_tempo: Annotated[float, Field(ge=0, lt=50)]  # percent
    tempo_std: Annotated[float, Field(ge=0)]  # percent


@dataclass(frozen=True, kw_only=True, config=STRICT)
class AugmentConfig:
    """What is done to a batch of stems, in this order; None, 0 and False: not at all."""

    repitch: RepitchConfig | None
    shift: Annotated[float, Field(ge=0)]  # seconds; examples are that much shorter
    same_shift: bool  # one shift for all stems of an example
    swap_channels: Share  # probability
    flip_sign: Share  # probability
    gain: tuple[Positive, Positive] | None  # least and largest factor
    remix: Count | None  # examples in a group whose stems are mixed anew


@dataclass(frozen=True, kw_only=True, config=STRICT)
class AverageConfig:
    """Decays of the exponential moving averages of the weights (paper facts 2.4)."""

    step: tuple[Decay, ...]
    epoch: tuple[Decay, ...]


@dataclass(frozen=True, kw_only=True, config=STRICT)
class PenaltyConfig:
    """The penalty on largest singular values (paper facts 2.6)."""

    weight: Positive
    min_size: Annotated[float, Field(ge=0)]  # MiB of 32-bit floats; smaller matrices go free
    rank: Count  # directions that the estimate improves at each look, in every matrix


@dataclass(frozen=True, kw_only=True, config=STRICT)
class GuardConfig:
    """When a run has diverged: factors over the lowest running mean that it has had."""

    loss: Annotated[float, Field(gt=1)]
    penalty: Annotated[float, Field(gt=1)]
    steps: Count  # of the running means: fewer are no trend


@dataclass(frozen=True, kw_only=True, config=STRICT)
class StartConfig:
    """The finished model that fine-tuning starts from (paper facts 2.7)."""

    variant: str
    config: str  # SHA-256 of that variant's own configuration: another one is another start


@dataclass(frozen=True, kw_only=True, config=STRICT)
class TrainingConfig:
    """The recipe."""

    seed: Natural
    epochs: Count
    steps_per_epoch: Count | None  # None: the whole data set once
    batch: Count  # examples of all processes together
    segment: Positive  # seconds read for an example
    stride: Positive  # seconds between the starts of examples
    weights: dict[str, Annotated[float, Field(ge=0)]]  # of every source's loss
    optimiser: AdamConfig
    augment: AugmentConfig
    averages: AverageConfig
    penalty: PenaltyConfig | None
    guard: GuardConfig
    validate_every: Count  # epochs
    checkpoint_every: Count  # steps
    start_from: StartConfig | None  # its model is in the run's start/; None: new weights
    threads: Count  # of torch, in every process
    workers: Natural  # processes that read examples; 0: the training process itself
    bf16: bool  # autocast; STFT, loss and penalty stay in 32 bits
    compile: bool  # torch.compile, layer by layer


# Of `training`: how the work is done. The same weights come out whatever these say.
OPERATIONAL = ("workers", "checkpoint_every", "guard")


@dataclass(frozen=True, kw_only=True, config=STRICT)
class TrainConfig:
    """All that a training job reads: configs/train/<variant>.json."""

    variant: str
    sample_rate: Count  # Hz
    model: Annotated[ModelConfig, chosen("model")]
    training: TrainingConfig
    validation: SeparationConfig  # how whole songs are separated to choose the best weights


def deciding(config: Mapping[str, Any]) -> dict[str, Any]:
    """The part of a TrainConfig, as JSON, that decides the weights.

    `threads`, `bf16` and `compile` are in it, as sums depend on them; so is `validate_every`, as
    the best weights are chosen among those that are validated.
    """
    recipe = {k: v for k, v in config["training"].items() if k not in OPERATIONAL}
    return {**config, "training": recipe}
