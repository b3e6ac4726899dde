"""Networks in the precision chosen for separation: bf16 needs half the memory traffic of fp32.

Autocast runs convolutions, matrix products and LSTMs in bfloat16. Everything around the networks
(STFT, overlap-add, shifts, the song's statistics) stays in fp32, as do the weights in memory.
"""

from __future__ import annotations

import torch

from hdemucs.models.ensemble import Ensemble
from hdemucs.models.family import Middle, Mixture, Separator, Sources
from hdemucs.registry import part, places

PRECISIONS: dict[str, torch.dtype | None] = {"fp32": None, "bf16": torch.bfloat16}


class Cast(Separator):
    """A separator that runs under autocast to `kind`; its estimates are fp32."""

    def __init__(self, model: Separator, kind: torch.dtype) -> None:
        super().__init__()
        self.model, self.kind, self.sources = model, kind, model.sources

    def forward(self, mix: Mixture) -> Sources:
        with torch.autocast(mix.device.type, self.kind):
            return self.model(mix).float()

    def centre(self, mix: Mixture) -> Middle:
        with torch.autocast(mix.device.type, self.kind):
            return self.model.centre(mix).float()

    def valid_length(self, length: int) -> int:
        return self.model.valid_length(length)


def prepared(ensemble: Ensemble, name: str, device: str) -> Ensemble:
    """The ensemble, its networks changed in place for inference in a precision of PRECISIONS.

    On a CPU, networks whose family has a faster form for it are rebuilt as well.
    """
    if torch.device(device).type == "cpu":
        fast_on_cpu(ensemble, PRECISIONS[name] or torch.float32)
    return in_precision(ensemble, name)


def fast_on_cpu(ensemble: Ensemble, kind: torch.dtype = torch.float32) -> Ensemble:
    """The ensemble, its networks rebuilt in place by what parts.toml lists under [inference].

    `kind` is that of their convolutions' weights.
    """
    for faster in {part("inference", each).build for each in places()["inference"]}:
        for model in ensemble.models:
            faster(model, kind)
    return ensemble


def in_precision(ensemble: Ensemble, name: str) -> Ensemble:
    """The ensemble with its networks in one of PRECISIONS; their weights in it are kept."""
    kind = PRECISIONS[name]
    if kind is not None:
        for place, model in enumerate(ensemble.models):
            ensemble.models[place] = Cast(model, kind)
    return ensemble
