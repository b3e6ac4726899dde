"""Adam (Kingma and Ba, 2015), with L2 decay of weights and AMSGrad (Reddi et al., 2018)."""

from __future__ import annotations

from typing import Annotated, Literal

import torch
from pydantic import Field
from pydantic.dataclasses import dataclass
from torch import nn

from hdemucs.config.base import STRICT
from hdemucs.config.parts import Part
from hdemucs.training.recipe.optimiser.base import Optimiser

Positive = Annotated[float, Field(gt=0)]
Decay = Annotated[float, Field(ge=0, lt=1)]


@dataclass(frozen=True, kw_only=True, config=STRICT)
class AdamConfig:
    """Settings; epsilon is always 1e-8."""

    kind: Literal["adam"]
    learning_rate: Positive
    beta1: Decay
    beta2: Decay
    weight_decay: Annotated[float, Field(ge=0)]  # times the weights, added to their gradients
    amsgrad: bool
    clip: Positive | None  # largest L2 norm of the gradient of all weights together; None: any


def adam(config: AdamConfig, model: nn.Module) -> Optimiser:
    inner = torch.optim.Adam(
        model.parameters(),
        config.learning_rate,
        (config.beta1, config.beta2),
        weight_decay=config.weight_decay,
        amsgrad=config.amsgrad,
        fused=True,
    )
    return Optimiser(inner, model, config.learning_rate, config.clip)


PART = Part(config=AdamConfig, build=adam)
