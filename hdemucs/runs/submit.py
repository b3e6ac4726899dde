"""Start the trainings that a study needs: `hdemucs runs submit`, and a repro's first training."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from hdemucs.config.cluster import load_cluster
from hdemucs.config.ensemble import variant_of
from hdemucs.errors import UserError
from hdemucs.runs.directory import Run
from hdemucs.runs.launcher import Launcher
from hdemucs.runs.workspace import Workspace


def submit(here: Workspace, names: Sequence[str], songs: Callable[[], Path]) -> Iterator[str]:
    """Start the trainings that variants need (without names, the whole study); a line per variant.

    It does not wait: `dvc repro` collects the results, and starts what is built upon them.

    Raises:
        UserError: the study has no variant of such a name, or the data are not there.
    """
    known = sorted({variant_of(training) for training in here.trainings})
    for name in names:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            cure = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(known)}"
            raise UserError(name, "is no variant of the study", cure)
    wanted = list(names) or known
    lacks = lacking(here, wanted)
    runs = {run.variant: run for run in startable(here, lacks)}
    started: list[Run] = []
    if runs:
        launcher = Launcher.of(here, load_cluster(here.home), songs())
        started = launcher.ensure(list(runs.values()))
    for training in (own for name in wanted for own in here.own(name)):
        yield f"{training}: {told(here, training, runs.get(training), started, lacks)}"


def told(
    here: Workspace, name: str, run: Run | None, started: Sequence[Run], lacks: Sequence[str]
) -> str:
    """What was done for one variant."""
    if name not in lacks:
        return "trained"
    if run is None:
        return f"starts from {here.origin(name)}, which is not trained yet; `dvc repro` starts it"
    return f"started {run.name}" if run in started else f"{run.name} is under way"


def lacking(
    here: Workspace, variants: Sequence[str], *, missing_is_fine: bool = False
) -> list[str]:
    """The variants' own trainings whose model, as configured now, cannot be found.

    Places are the runs, models/, DVC's cache and its remote. With `missing_is_fine`, a model that
    was made and committed counts as found, wherever it is. A bag has no trainings of its own.
    """
    found = []
    for training in (own for name in variants for own in here.own(name)):
        origin = here.origin(training)
        if origin is not None and here.weights(origin) is None:  # so nothing is built upon it
            found.append(training)
        elif missing_is_fine and here.record(training) is not None:
            continue
        elif here.trained(training) is None:
            found.append(training)
    return found


def startable(here: Workspace, trainings: Sequence[str]) -> list[Run]:
    """The runs of those trainings whose own start is found; their directories are made."""
    waiting = {name for name in trainings if here.origin(name) in trainings}
    ready = [name for name in trainings if name not in waiting]
    return [here.made(name) for name in ready if upon_finished(here, name)]


def upon_finished(here: Workspace, training: str) -> bool:
    """Whether the model that a training starts from is there."""
    origin = here.origin(training)
    return origin is None or here.weights(origin) is not None
