"""A finished run's results, under the names that the rest of the study knows."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

from hdemucs.errors import Refusal
from hdemucs.files import replacing
from hdemucs.runs.directory import Run


def publish(run: Run, files: Mapping[str, Path]) -> None:
    """Copy files of a run, by their name in it, to where they are published; each whole or not."""
    for name, target in files.items():
        source = run.folder / name
        if not source.exists():
            problem = f"lacks {name}, though it says it is done"
            raise Refusal(run.folder, problem, "remove that directory and run the command again")
        with replacing(target) as temporary:
            shutil.copyfile(source, temporary)
