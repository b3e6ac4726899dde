"""One training job: it turns a run directory's configuration into the best weights.

    in    config.json  manifest.json  [start/model.safetensors, model.json]
    out   checkpoints/  history.csv  progress.json  model.safetensors  model.json  DONE.json

DONE.json is written last; a directory that has one is left alone. A job that is started again,
however it ended, continues from its newest intact checkpoint.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from hdemucs.config.load import load
from hdemucs.config.parts import built
from hdemucs.config.training import TrainConfig, deciding
from hdemucs.data.manifest import Manifest, load_manifest
from hdemucs.data.segments import SCALES, scaled, song
from hdemucs.errors import UserError
from hdemucs.files import digest, read_json, sha256, write_json
from hdemucs.memory import keep_freed_memory
from hdemucs.models.family import Conditions, Separator, build, family_of
from hdemucs.models.store import load_model, save_model
from hdemucs.training.average import swapped, weights_of
from hdemucs.training.batches import Batches, check_batch
from hdemucs.training.checkpoint import Checkpoints
from hdemucs.training.divergence import Guard
from hdemucs.training.fencing import Owner
from hdemucs.training.history import Journal
from hdemucs.training.learner import Learner, mixing_of
from hdemucs.training.loop import Loop
from hdemucs.training.processes import Processes
from hdemucs.training.recipe.mixing.base import Songs
from hdemucs.training.state import TrainingState
from hdemucs.training.validation import Validation
from hdemucs.versions import versions


def train(
    folder: Path, root: Path, processes: Processes, asked_to_stop: Callable[[], bool]
) -> None:
    """Run the job of a run directory to its end; `root` is the data set's folder.

    Raises:
        Interrupted: `asked_to_stop` returned true; the state is saved.
        UserError: bad configuration or data, divergence, a full disk, or a newer owner.
    """
    if (folder / "DONE.json").exists():
        return
    config = load(folder / "config.json", TrainConfig)
    manifest = load_manifest(folder / "manifest.json")
    checked(config, manifest, processes)
    torch.set_num_threads(config.training.threads)
    if processes.device.type == "cpu":
        keep_freed_memory()
    loop = prepared(folder, root, config, manifest, processes, asked_to_stop)
    state = loop.resume(identity(folder))
    if state is None:
        fit(loop.learner, root, config, manifest)
        state = TrainingState()
    loop.run(state)
    if processes.first:
        publish(folder, config, loop, state)
    processes.wait()


def checked(config: TrainConfig, manifest: Manifest, processes: Processes) -> None:
    """Refuse a configuration that could not be trained as it is written."""
    training = config.training
    if manifest.sample_rate != config.sample_rate:
        problem = f"is {config.sample_rate}, the data has {manifest.sample_rate}"
        raise UserError("sample_rate", problem, "use data of that rate or change the parameter")
    data, model = manifest.sources, config.model.sources
    if data != config.sources or not set(model) <= set(data):
        problem = f"are {', '.join(model)} of {', '.join(config.sources)}; the data's are {data}"
        raise UserError("sources", problem, "run `dvc repro resolve`, or train on other data")
    check_batch(training, mixing_of(config, processes).group, processes.share)


def prepared(
    folder: Path,
    root: Path,
    config: TrainConfig,
    manifest: Manifest,
    processes: Processes,
    asked_to_stop: Callable[[], bool],
) -> Loop:
    """The run's loop with a fresh model."""
    training, owner = config.training, Owner(folder)
    songs = Songs(root=root, manifest=manifest, scale=SCALES[training.normalise])
    learner = Learner(first_model(folder, config), config, processes)
    return Loop(
        config,
        learner,
        Batches(mixing_of(config, processes).examples(songs), training, processes.share),
        Validation(root, manifest, config, processes, learner.objective),
        Checkpoints(folder / "checkpoints", owner),
        Journal(folder, owner, config.variant),
        Guard(config.variant, training.guard),
        built("stop", training.stop),
        asked_to_stop,
    )


def first_model(folder: Path, config: TrainConfig) -> Separator:
    """A new model that follows from the seed, or the finished one that fine-tuning starts from."""
    if config.training.start_from is None:
        return build(config.model, config.training.seed)
    stored = load_model(folder / "start")
    if stored.config != config.model:
        problem = f"is another model than {config.variant}'s configuration describes"
        raise UserError(folder / "start", problem, "correct training.start_from")
    return stored.model.train()


@torch.no_grad()
def fit(learner: Learner, root: Path, config: TrainConfig, manifest: Manifest) -> None:
    """Fit a new model's input statistics to the training songs, if its family does that.

    The first process reads the songs, one whole song after the other, and gives all others its
    model.
    """
    model, family = learner.model, family_of(config.model)
    if family.fit is None or config.training.start_from is not None:
        return
    scale, device = SCALES[config.training.normalise], learner.processes.device
    tracks = manifest.split("train")
    mixtures = (scaled(song(root, manifest, track)[0], track, scale).to(device) for track in tracks)
    if learner.processes.first:
        family.fit(model, mixtures)
    learner.processes.from_first(weights_of(model).values())


def identity(folder: Path) -> str:
    """Digest of the configuration and data that the run's checkpoints belong to."""
    config = deciding(read_json(folder / "config.json", "start a new run directory"))
    return digest([config, sha256(folder / "manifest.json")])


def publish(folder: Path, config: TrainConfig, loop: Loop, state: TrainingState) -> None:
    """Write the best weights, their description and, last, DONE.json."""
    model, owner = loop.learner.model, Owner(folder)
    loop.journal.history(state.rows)
    facts = summary(config, loop, state)
    owner.check()
    with swapped(model, state.best.weights if state.best else {}):
        conditions = Conditions(normalise=config.training.normalise, chunk=config.training.chunk)
        save_model(folder, model, config.model, facts, conditions)
    owner.check()
    loop.tell("done")
    cost = {
        "seconds": round(state.seconds, 1),
        "machine": machine(loop.learner.processes),
        "versions": versions(),
    }
    write_json(folder / "DONE.json", {**facts, **cost})


def summary(config: TrainConfig, loop: Loop, state: TrainingState) -> dict[str, Any]:
    """Where the weights come from; independent of the machine and of how long it took."""
    best = state.best
    return {
        "variant": config.variant,
        "weights": best and best.which,
        "epoch": best and best.epoch,
        "valid_loss": best and best.loss,
        "seed": config.training.seed,
        "epochs": state.epoch,
        "steps": state.epoch * loop.batches.steps,
        "sample_rate": config.sample_rate,
    }


def machine(processes: Processes) -> str:
    """Name of the machine's accelerator or processor."""
    if processes.device.type == "cuda":
        device = torch.cuda.get_device_name(processes.device)
    else:
        device = f"{platform.machine()} CPU, {torch.get_num_threads()} threads of {os.cpu_count()}"
    return f"{processes.share.count} x {device}"
