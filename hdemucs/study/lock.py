"""Remove variants that are no longer in the study from dvc.lock, where DVC keeps them."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator
from pathlib import Path

from hdemucs.files import write_text

STAGE = re.compile(r"  (?P<stage>[\w-]+)@(?P<variant>[\w-]+):\n")
INDENT = "   "  # of lines that belong to a stage


def prune_lock(path: Path, variants: Container[str]) -> list[str]:
    """Remove the stages of all variants but these; return the names of the stages removed.

    Lines that stay keep their bytes. DVC reads the file again before it writes to it.
    """
    if not path.exists():
        return []
    blocks = list(blocks_of(path.read_text()))
    dead = [found["variant"] not in variants if found else False for found, _ in blocks]
    if any(dead):
        kept = [block for (_, block), gone in zip(blocks, dead, strict=True) if not gone]
        write_text(path, "".join(kept))
    pairs = zip(blocks, dead, strict=True)
    return [f"{found['stage']}@{found['variant']}" for (found, _), gone in pairs if found and gone]


def blocks_of(text: str) -> Iterator[tuple[re.Match[str] | None, str]]:
    """The file in pieces: a variant's stage with all its lines, or lines that belong to none."""
    block, stage = "", None
    for line in text.splitlines(keepends=True):
        if not line.startswith(INDENT):
            yield stage, block
            block, stage = "", STAGE.fullmatch(line)
        block += line
    yield stage, block
