"""The list of benchmarks: each measures one thing on this machine and writes one page.

A module has `arguments(parser)` and `make(asked, page)`. None is a stage of dvc.yaml: times differ
from machine to machine, so a page says where, with what and how it was made.
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

FOLDER = Path("reports/benchmarks")


@dataclass(frozen=True)
class Benchmark:
    """One page: <FOLDER>/<name>.md."""

    name: str
    about: str
    cost: str  # time on one core, or on what it needs
    gpu: bool = False  # it needs a GPU: without one, `all` leaves it out

    @property
    def page(self) -> Path:
        return FOLDER / f"{self.name}.md"

    def arguments(self, parser: ArgumentParser) -> None:
        """Add the benchmark's own options."""
        self.module().arguments(parser)

    def make(self, asked: Namespace) -> None:
        """Measure and write the page."""
        self.module().make(asked, self.page)

    def module(self) -> Any:
        return import_module(f"hdemucs.benchmarks.{self.name}")


BENCHMARKS = {
    one.name: one
    for one in (
        Benchmark(
            "metrics", "BSSEval, SDR and nSDR beside museval: time, memory, difference", "5 min"
        ),
        Benchmark(
            "intervals", "how often the report's intervals hold the truth, by simulation", "30 min"
        ),
        Benchmark(
            "corpus", "the embedded corpus beside MUSDB18: how hard, how varied, how loud", "3 min"
        ),
        Benchmark("clone", "a fresh clone, from songs to report: time, busy cores", "20 min"),
        Benchmark("loaders", "reading of training audio beside the official loader", "2 min"),
        Benchmark(
            "repitch", "pitch and tempo changes beside soundstretch and a phase vocoder", "2 min"
        ),
        Benchmark(
            "penalty", "the singular-value penalty beside torch.svd_lowrank, full size", "20 min"
        ),
        Benchmark("step", "a training step beside the official code's, quick sizes", "15 min"),
        Benchmark("precision", "bf16 and compiled layers beside fp32: losses and time", "10 min"),
        Benchmark("separation", "a song to stems as a command, beside the official one", "90 min"),
        Benchmark("scale", "what studies of many variants take on many nodes, simulated", "2 min"),
        Benchmark("gpu", "training, separation and scoring on a GPU", "10 min", gpu=True),
    )
}
