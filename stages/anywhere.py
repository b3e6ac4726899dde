"""A stage that is done here or, where cluster.yaml asks for it, as a job of the cluster."""

import sys
from collections.abc import Callable

from hdemucs.errors import one_line
from hdemucs.runs.dispatch import elsewhere
from hdemucs.runs.songs import songs
from stages.arguments import variant


def anywhere(stage: str, description: str | None, main: Callable[[str], None]) -> None:
    """Run a stage for the variant of the command line."""
    name = variant(description)
    try:
        with one_line():
            if not elsewhere(stage, name, lambda: songs()[1]):
                main(name)
    except KeyboardInterrupt:
        sys.exit(f"{stage}@{name}: interrupted; a job goes on, and the next `dvc repro` attaches")
