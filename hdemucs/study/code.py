"""The code on which a stage's outputs depend: what it imports, reads, or chooses by `kind`.

It is found by rules, so that nobody has to keep a list:

- imports are followed wherever they are in a file, packages included;
- a file that is not Python belongs to the module that names it (`"page.html.j2"`), in its folder or
  a folder above; so does a folder that is no package, with all its files;
- the parts that a configuration chooses by `kind` are added by their registered modules
  (`hdemucs.registry`), and no other parts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hdemucs.config.ensemble import members
from hdemucs.registry import modules_of
from hdemucs.study.source import Source

BY_VARIANT = ("train", "evaluate", "separate")
BEFORE = ("originals", "resolve")  # these run before the code of the others is written
LAUNCHER = "hdemucs.runs"  # starts, watches and collects jobs; results do not depend on it
TRAINING = "hdemucs.training.__main__"  # the program of a training job

MADE_BY_OTHERS = {  # the code that imports what others made
    "released": ("hdemucs.released.publish",),
    "estimates": ("hdemucs.evaluation.given",),
    "scores": ("hdemucs.evaluation.given",),
}

Read = Callable[[str], Any]  # reads a file of configs/, by its path there


@dataclass(frozen=True)
class Program:
    """Modules that are run, and modules whose imports are not followed."""

    entries: tuple[str, ...]
    without: tuple[str, ...] = ()

    def digests(self, root: Path | Source) -> dict[str, str]:
        """File -> digest of its meaning, for all files of a checkout that belong to the program."""
        source = root if isinstance(root, Source) else Source(root)
        return source.digests(self.entries, self.without)


def of_stage(stage: str, config: Read) -> Program:
    """The code on which the outputs of a stage that runs once depend."""
    return Program((f"stages.{stage}", *chosen([config(f"{stage}.json")])), (LAUNCHER,))


def of_variant(stage: str, variant: str, config: Read) -> Program:
    """The code on which the outputs of a stage that runs for each variant depend.

    For `train` this is what decides the weights: the training code, and the parts that the variant
    chooses; not the families that only other variants use, nor the code that launches jobs.
    """
    kind = config(f"train/{variant}.json").get("kind")
    if kind in MADE_BY_OTHERS:
        taken = MADE_BY_OTHERS[kind]
        return Program(taken if stage == "train" else (f"stages.{stage}", *taken), (LAUNCHER,))
    trained = trainings(variant, config)
    if stage == "train":
        return training(*trained)
    parts = chosen([*trained, config(f"separation/{variant}.json")])
    return Program((f"stages.{stage}", *parts), (LAUNCHER,))


def training(*configs: Any) -> Program:
    """The code that decides the weights of trainings with these configurations."""
    return Program((TRAINING, *chosen(configs)))


def chosen(configs: Iterable[Any]) -> list[str]:
    """The modules of the parts that these configurations choose."""
    return sorted({module for config in configs for module in modules_of(config)})


def trainings(variant: str, config: Read) -> list[Any]:
    """A variant's configuration; for an ensemble, its members' as well."""
    own = config(f"train/{variant}.json")
    return [own, *(config(f"train/{name}.json") for name in members(variant, own))]


def digests(variants: Iterable[str], configs: Mapping[str, Any], root: Path) -> dict[str, Any]:
    """Path under configs/code/ -> {file: digest}, for every stage except those of BEFORE."""
    source, config = Source(root), configs.get
    out: dict[str, Any] = {}
    for stage in stages(root):
        if stage in BY_VARIANT:
            for variant in variants:
                program = of_variant(stage, variant, config)
                out[f"{stage}/{variant}.json"] = program.digests(source)
        else:
            out[f"{stage}.json"] = of_stage(stage, config).digests(source)
    return out


def stages(root: Path) -> list[str]:
    """All stages that depend on what `resolve` writes."""
    names = sorted(path.stem for path in (root / "stages").glob("[a-z]*.py"))
    return [name for name in names if name not in BEFORE]
