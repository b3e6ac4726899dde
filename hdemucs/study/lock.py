"""dvc.lock without what the study no longer has: DVC keeps the entries of removed variants."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator
from pathlib import Path

from hdemucs.files import write_text

STAGE = re.compile(r"  (?P<stage>[\w-]+)@(?P<variant>[\w-]+):\n")
INDENT = "   "  # of what belongs to a stage


def prune_lock(path: Path, variants: Container[str]) -> list[str]:
    """Remove the stages of all variants but these; returns the stages' names.

    Line by line: what stays keeps its bytes. DVC reads the file anew before it writes to it.
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
    """The file in pieces: a variant's stage with all that belongs to it, or lines of others."""
    block, stage = "", None
    for line in text.splitlines(keepends=True):
        if not line.startswith(INDENT):
            yield stage, block
            block, stage = "", STAGE.fullmatch(line)
        block += line
    yield stage, block
