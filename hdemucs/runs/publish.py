"""Publish a finished run's results under the names that the rest of the study uses."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

from hdemucs.errors import UserError
from hdemucs.files import digest, read_json, replacing, sha256
from hdemucs.report.machines import MachineFacts
from hdemucs.report.runs import RunFacts
from hdemucs.runs.directory import Run
from hdemucs.runs.published import WEIGHTS
from hdemucs.runs.workspace import Workspace

MODEL = (WEIGHTS, "model.json")
CURE = "remove the run directory and run the same command again"


def check_unchanged(run: Run, here: Workspace) -> None:
    """Check that a run is what its variant is now: otherwise DVC would record edited inputs as its
    origin.

    Raises:
        UserError: code, configuration or data changed while it trained.
    """
    now = here.identity(run.variant)
    if now.key != run.identity.key:
        problem = f"changed while the run trained; its result stays in {run.folder}"
        cure = "undo the change to publish it, or run the same command again to train anew"
        raise UserError(now.difference(run.identity), problem, cure)


def publish(run: Run, files: Mapping[str, Path]) -> None:
    """Copy files of a run, by their names in it, to where they are published; each atomically."""
    for name, target in files.items():
        source = run.folder / name
        if not source.exists():
            raise UserError(run.folder, f"is finished, but lacks {name}", CURE)
        with replacing(target) as temporary:
            shutil.copyfile(source, temporary)


def facts(run: Run, start: RunFacts | None) -> RunFacts:
    """The facts about a finished run, and about the run that it started from.

    What was done is what the training reports at its end; what was planned is in its configuration.
    """
    identity, done = run.identity, read_json(run.folder / "DONE.json", CURE)
    return RunFacts(
        run=run.name,
        config=identity.config,
        code=digest(sorted(identity.code.items())),
        data=identity.data,
        seed=done["seed"],
        epochs=done["epochs"],
        planned=read_json(run.folder / "config.json", CURE)["training"]["epochs"],
        parameters=read_json(run.folder / "model.json", CURE)["parameters"],
        weights=sha256(run.folder / WEIGHTS),
        start=start,
    )


def machine(run: Run) -> MachineFacts:
    """The facts about how a finished run was made, which are no part of its identity."""
    done = read_json(run.folder / "DONE.json", CURE)
    return MachineFacts(
        variant=run.variant,
        run=run.name,
        hours=round(done["seconds"] / 3600, 2),
        machine=done["machine"],
        **done["versions"],
    )
