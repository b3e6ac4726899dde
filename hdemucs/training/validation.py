"""Which weights are best: whole songs of the validation split (paper facts 2.5)."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor, nn

from hdemucs.config.training import TrainConfig
from hdemucs.data.manifest import Manifest, Track
from hdemucs.data.segments import normalised, song
from hdemucs.errors import UserError
from hdemucs.separation.separate import separate
from hdemucs.training.loss import WeightedL1
from hdemucs.training.processes import Processes
from hdemucs.training.seeds import seed_for

Sources = Float[Tensor, "source channel sample"]
EPSILON = 1e-7  # of the MDX challenge's SDR (paper facts 4)


@dataclass(frozen=True)
class Score:
    """Means over the validation songs."""

    loss: float
    nsdr: dict[str, float]  # dB, by source

    @property
    def mean_nsdr(self) -> float:
        return math.fsum(self.nsdr.values()) / len(self.nsdr)


class Validation:
    """The validation songs, shared out among the processes."""

    def __init__(
        self, root: Path, manifest: Manifest, config: TrainConfig, processes: Processes
    ) -> None:
        """Raises UserError if there is no song to validate on."""
        self.root, self.manifest, self.config = root, manifest, config
        self.processes, self.tracks = processes, manifest.split("valid")
        if not self.tracks:
            raise UserError(manifest.name, "has no valid tracks", "add some to the valid split")
        self.loss = WeightedL1(config.training.weights, manifest.sources)

    @torch.no_grad()
    def score(self, model: nn.Module, epoch: int, pause: Callable[[], None]) -> Score:
        """The model's score; an epoch's random shifts are those of all its candidates.

        `pause` is called before each song.
        """
        share, mine = self.processes.share, []
        model.eval()
        for place in range(share.rank, len(self.tracks), share.count):
            pause()
            generator = torch.Generator().manual_seed(
                seed_for(self.config.training.seed, "validation", epoch, place)
            )
            mine.append(self.song_score(model, self.tracks[place], generator))
        model.train()
        return mean(self.processes.gathered(mine, len(self.tracks)))

    def song_score(self, model: nn.Module, track: Track, generator: torch.Generator) -> Score:
        """One song, normalised as in training, against its stems."""
        signals = song(self.root, self.manifest, track)
        mix, stems = (normalised(x, track).to(self.processes.device) for x in signals)
        settings, rate = self.config.validation, self.config.sample_rate
        estimates = separate(model, mix, rate, settings, generator).float()
        loss = self.loss(estimates[None], stems[None]).item()
        values = nsdr(estimates, stems).tolist()
        return Score(loss, dict(zip(self.manifest.sources, values, strict=True)))


def nsdr(estimates: Sources, references: Sources) -> Float[Tensor, " source"]:
    """The MDX challenge's SDR of a whole song, dB (paper facts 4)."""
    signal = references.double().square().sum((1, 2)) + EPSILON
    noise = (references - estimates).double().square().sum((1, 2)) + EPSILON
    return 10 * torch.log10(signal / noise)


def mean(scores: list[Score]) -> Score:
    return Score(
        math.fsum(score.loss for score in scores) / len(scores),
        {
            source: math.fsum(score.nsdr[source] for score in scores) / len(scores)
            for source in scores[0].nsdr
        },
    )
