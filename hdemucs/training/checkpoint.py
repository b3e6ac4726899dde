"""Checkpoints: a run's whole state, each written completely or not at all; the last two are kept.

    checkpoints/0003-000120.safetensors   every tensor; other state is JSON in the file's header
    checkpoints/0003-000120.sha256        its digest, as sha256sum writes it; written last

A checkpoint without its digest was never finished. A name gives the number of whole epochs done,
then the number of steps done in the next one.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from hdemucs.errors import UserError
from hdemucs.files import replacing, sha256, write_text
from hdemucs.training.fencing import Owner

KEPT = 2


@dataclass(frozen=True)
class Checkpoint:
    """A run's state: tensors by name, and other values that JSON can hold."""

    tensors: Mapping[str, Tensor]
    facts: Mapping[str, Any]


class Checkpoints:
    """The checkpoints of one run."""

    def __init__(self, folder: Path, owner: Owner) -> None:
        self.folder, self.owner = folder, owner

    def save(self, name: str, checkpoint: Checkpoint) -> None:
        """Write a checkpoint under a new name, then delete all others but the one before it.

        Raises:
            UserError: the disk is full, or a newer process has taken over the run.
        """
        self.owner.check()
        path = self.folder / f"{name}.safetensors"
        tensors = {
            key: value.detach().cpu().contiguous() for key, value in checkpoint.tensors.items()
        }
        with replacing(path) as temporary:
            write(tensors, temporary, json.dumps(checkpoint.facts))
            digest = sha256(temporary)
        self.owner.check()
        write_text(path.with_suffix(".sha256"), f"{digest}  {path.name}\n")
        self.prune()

    def finished(self) -> list[Path]:
        """The checkpoints that have a digest, oldest first."""
        return sorted(self.folder.glob("*.sha256"))

    def prune(self) -> None:
        """Delete old checkpoints, digest first, and files that killed processes left unfinished."""
        kept = {digest.stem for digest in self.finished()[-KEPT:]}
        for path in sorted(self.folder.glob("*"), key=lambda path: path.suffix != ".sha256"):
            if path.stem not in kept:
                path.unlink(missing_ok=True)

    def withdraw(self, name: str) -> None:
        """Remove a checkpoint, if it is there."""
        for suffix in ("sha256", "safetensors"):
            (self.folder / f"{name}.{suffix}").unlink(missing_ok=True)

    def newest(self) -> Checkpoint | None:
        """The newest checkpoint that is intact; a line on stderr for each that is damaged."""
        for checkpoint in self.readable():
            self.prune()
            return checkpoint
        return None

    def readable(self) -> Iterator[Checkpoint]:
        for digest in reversed(self.finished()):
            path = digest.with_suffix(".safetensors")
            if intact(path, digest):
                yield loaded(path)
            else:
                digest.unlink()
                sys.stderr.write(f"{path}: is damaged; going on from the one before it\n")


def write(tensors: Mapping[str, Tensor], path: Path, facts: str) -> None:
    try:
        save_file(dict(tensors), path, {"facts": facts})
    except SafetensorError as error:
        cure = "check the space left on the disk and run the same command again"
        raise UserError(path, f"cannot be written ({error})", cure) from error


def intact(path: Path, digest: Path) -> bool:
    """Whether the file is there with the content that its digest was taken of."""
    try:
        return digest.read_text() == f"{sha256(path)}  {path.name}\n"
    except (OSError, UnicodeDecodeError):
        return False


def loaded(path: Path) -> Checkpoint:
    with safe_open(path, "pt") as file:
        # Clones: a mapped file's tensors are not aligned as torch's own, and bits depend on that.
        tensors = {name: file.get_tensor(name).clone() for name in file.keys()}  # noqa: SIM118
        return Checkpoint(tensors, json.loads(file.metadata()["facts"]))
