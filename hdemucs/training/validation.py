"""Validation: which weights are best, judged by whole songs of the validation split."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor, nn

from hdemucs.config.separation import in_chunks
from hdemucs.config.training import TrainConfig
from hdemucs.data.manifest import Manifest, Track
from hdemucs.data.segments import SCALES, scaled, song
from hdemucs.errors import UserError
from hdemucs.metrics.nsdr import nsdr
from hdemucs.separation.separate import separate
from hdemucs.training.processes import Processes
from hdemucs.training.recipe.objective.base import Objective
from hdemucs.training.seeds import seed_for

Sources = Float[Tensor, "source channel sample"]


@dataclass(frozen=True)
class Score:
    """Means over the validation songs."""

    loss: float
    nsdr: dict[str, float]  # dB, by source

    @property
    def mean_nsdr(self) -> float:
        return math.fsum(self.nsdr.values()) / len(self.nsdr)


class Validation:
    """Scores models on the validation songs, which are shared out among the processes."""

    def __init__(
        self,
        root: Path,
        manifest: Manifest,
        config: TrainConfig,
        processes: Processes,
        objective: Objective,
    ) -> None:
        """Raises UserError if there is no song to validate on."""
        self.root, self.manifest, self.config = root, manifest, config
        self.processes, self.tracks = processes, manifest.split("valid")
        if not self.tracks:
            raise UserError(manifest.name, "has no valid tracks", "add some to the valid split")
        self.objective, self.scale = objective, SCALES[config.training.normalise]
        self.settings = in_chunks(config.validation, config.training.chunk)

    @torch.no_grad()
    def score(self, model: nn.Module, epoch: int, pause: Callable[[], None]) -> Score:
        """Score a model on all validation songs.

        All candidates of an epoch are given the same random shifts. `pause` is called before each
        song.
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
        """Separate one song, at the scale of training, and compare it with its stems."""
        signals = song(self.root, self.manifest, track)
        mix, stems = (scaled(x, track, self.scale).to(self.processes.device) for x in signals)
        rate = self.config.sample_rate
        estimates = separate(model, mix, rate, self.settings, generator).float()
        references = self.objective.targets(stems[None])[0]
        loss = self.objective.monitor(estimates, references).item()
        values = nsdr(references.cpu().numpy(), estimates.cpu().numpy()).tolist()
        return Score(loss, dict(zip(self.config.model.sources, values, strict=True)))


def mean(scores: list[Score]) -> Score:
    return Score(
        math.fsum(score.loss for score in scores) / len(scores),
        {
            source: math.fsum(score.nsdr[source] for score in scores) / len(scores)
            for source in scores[0].nsdr
        },
    )
