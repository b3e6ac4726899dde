"""The architecture as text: the paper's figure 1, for any configuration."""

from __future__ import annotations

from .build import Config, outline, skeleton
from .plan import Level


def describe(config: Config) -> str:
    """One line a level, branch by branch, and the number of parameters."""
    plan = outline(config)
    sections = {**plan.branches, "trunk, below where branches meet": plan.below}
    lines = []
    for name, levels in sections.items():
        lines += [name, *(row(v) for v in levels)] if levels else []
    count = sum(parameter.numel() for parameter in skeleton(config).parameters())
    return "\n".join([*lines, f"{count:,} parameters"])


def row(v: Level) -> str:
    """A level: channels in and out, kernel, stride, frequencies left, and what is special."""
    special = ["group norm"] * v.normed + [f"{len(v.cuts) + 1} bands"] * bool(v.cuts)
    frequencies = f"  F {v.frequencies:<4}" * (v.axis.name == "frequency")
    return (
        f"  {v.index}  {v.axis.name:9}  {v.cin:4} -> {v.width:<4}  k{v.kernel} s{v.stride}"
        f"{frequencies}  {', '.join(special)}"
    ).rstrip()
