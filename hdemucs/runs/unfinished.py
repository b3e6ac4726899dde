"""Where a stage keeps unfinished work, since DVC deletes a stage's outputs before running it."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from hdemucs.files import digest, sha256
from hdemucs.runs.workspace import Workspace

INSIDE = "HDEMUCS_OWNER"  # set in every job, which works in <run>/executions/<owner>/
DIGITS = 8


def unfinished(stage: str, name: str, inputs: Iterable[Path]) -> Path:
    """A folder for one stage's unfinished work on these files; other files have another folder.

    In a job it is in the run directory, otherwise in data/.unfinished/ of the main checkout.
    """
    files = sorted(
        path for each in inputs for path in (each.rglob("*") if each.is_dir() else [each])
    )
    key = digest([[path.as_posix(), sha256(path)] for path in files if path.is_file()])[:DIGITS]
    if INSIDE in os.environ:
        return Path.cwd().resolve().parents[1] / "unfinished" / key
    return Workspace(Path.cwd()).home / "data" / ".unfinished" / f"{stage}-{name}-{key}"
