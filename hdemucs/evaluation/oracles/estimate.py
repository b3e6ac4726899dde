"""All oracles, by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np

from hdemucs.evaluation.oracles import masks, multichannel, static
from hdemucs.evaluation.oracles.spectra import Sound

Stems = Mapping[str, Sound]
Rule = Callable[[Sound, Stems, int], dict[str, Sound]]

STATIC = "static-wiener"


def mixture_itself(mixture: Sound, stems: Stems, _window: int) -> dict[str, Sound]:
    """The mixture as the estimate of every source."""
    return dict.fromkeys(stems, mixture)


def even_share(mixture: Sound, stems: Stems, _window: int) -> dict[str, Sound]:
    """The mixture divided by the number of sources; MIX in SiSEC 2018."""
    return dict.fromkeys(stems, mixture / np.float32(len(stems)))


RULES: dict[str, Rule] = {
    "mixture": mixture_itself,
    "mixture-quarter": even_share,
    "ibm": masks.binary,
    "irm-magnitude": partial(masks.ratio, exponent=1.0),
    "irm-power": partial(masks.ratio, exponent=2.0),
    "mwf": multichannel.filtered,
}


@dataclass(frozen=True)
class Fitted:
    """What oracles need beforehand: the STFT's window, and masks fitted to the training stems."""

    window: int  # samples
    static: Mapping[str, static.Mask]


def estimate(name: str, mixture: Sound, stems: Stems, fitted: Fitted) -> dict[str, Sound]:
    """One oracle's estimates of every stem, float32 [channel, sample]."""
    if name == STATIC:
        return static.apply(mixture, fitted.static, fitted.window)
    return RULES[name](mixture, stems, fitted.window)
