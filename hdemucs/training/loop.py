"""The training loop: steps, validation, history and checkpoints. A crash may come at any time."""

from __future__ import annotations

import copy
import io
import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TextIO

import torch

from hdemucs.config.training import TrainConfig
from hdemucs.errors import UserError
from hdemucs.progress import Progress
from hdemucs.training.average import swapped
from hdemucs.training.batches import Batches
from hdemucs.training.checkpoint import Checkpoint, Checkpoints
from hdemucs.training.divergence import Guard
from hdemucs.training.history import Journal
from hdemucs.training.learner import Learner, Outcome
from hdemucs.training.recipe.schedule.base import Schedule
from hdemucs.training.recipe.stop.base import Stop
from hdemucs.training.state import Sums, TrainingState
from hdemucs.training.validation import Score, Validation
from hdemucs.versions import remark, versions

EVERY = 10  # steps between two reads of the losses: each read makes the CPU wait for the GPU


class Interrupted(Exception):  # noqa: N818  a request, not an error
    """Training was asked to stop; its state is saved."""


@dataclass
class Loop:
    """One run, from its present state to its end."""

    config: TrainConfig
    learner: Learner
    batches: Batches
    validation: Validation
    checkpoints: Checkpoints
    journal: Journal
    guard: Guard
    stop: Stop
    asked_to_stop: Callable[[], bool]
    note: str = ""

    def resume(self, digest: str) -> TrainingState | None:
        """The state of the newest intact checkpoint; None if the run has none yet.

        Raises:
            UserError: the checkpoint was made with another configuration.
        """
        self.digest = digest
        found = self.checkpoints.newest()
        if found is None:
            return None
        if found.facts["config"] != digest:
            problem = "holds checkpoints of another config.json or manifest.json"
            raise UserError(self.checkpoints.folder, problem, "start a new run directory")
        remark(self.config.variant, "goes on from a checkpoint of", found.facts["versions"])
        self.learner.restore(dict(found.tensors))
        for name, part in self.parts.items():
            part.restore(found.facts[name])
        return TrainingState.restored(found)

    def run(self, state: TrainingState) -> None:
        """Train until the last epoch is done, or the recipe stops the run.

        Raises:
            Interrupted: it was asked to stop; the state is saved.
            UserError: it diverged, the disk is full, or a newer process has taken over the run.
        """
        self.state, self.pending = state, list[Outcome]()
        self.watched = copy.copy(state.sums)
        self.entered, self.before = time.monotonic(), state.seconds
        self.made, self.total = 0, self.left()
        self.bar = Progress(self.config.variant, self.total, "steps", self.stream())
        try:
            while state.epoch < self.config.training.epochs and not self.stop.over:
                self.epoch()
        finally:
            self.bar.close()

    def left(self) -> int:
        """Steps still to make."""
        epochs = self.config.training.epochs - self.state.epoch
        return epochs * self.batches.steps - self.state.sums.steps

    def epoch(self) -> None:
        """Train through the rest of the present epoch."""
        done, last = self.state.sums.steps, self.batches.steps
        every = self.config.training.checkpoint_every
        for step, stems in enumerate(self.batches.epoch(self.state.epoch, done), start=done + 1):
            self.pending.append(self.learner.step(stems))
            if step == last:
                self.learner.averages.after_epoch()
            if step % EVERY == 0 or step % every == 0 or step == last:
                self.drain()
                self.tell("running")
            if step % every == 0 or step == last:
                self.save()
            self.bar.step(note=self.note)
            self.pause(together=step % EVERY == 0)
        self.finish_epoch()

    def drain(self) -> None:
        """Read the losses of the steps since the last read; a run that has diverged ends here."""
        sums, pending = self.state.sums, self.pending
        self.pending = []
        self.made += len(pending)
        rows = [outcome.row() for outcome in pending]
        with self.unless_diverged(self.watched):
            for row in self.learner.processes.mean(torch.stack(rows)).tolist() if rows else ():
                loss, silence, penalty, *parts = row
                sums.add(loss, silence, penalty, dict(zip(pending[0].parts, parts, strict=True)))
                place = f"epoch {self.state.epoch + 1}, step {sums.steps}"
                self.guard.watch(place, loss, silence, penalty)
        self.watched = copy.copy(sums)

    @contextmanager
    def unless_diverged(self, checked: Sums) -> Iterator[None]:
        """If the block finds divergence, delete the checkpoint made at `checked`: it may have it,
        too.
        """
        try:
            yield
        except UserError:
            if self.learner.processes.first:
                self.checkpoints.withdraw(f"{self.state.epoch:04d}-{checked.steps:06d}")
                self.tell("diverged")
            raise

    def pause(self, *, together: bool) -> None:
        """Save what is new and stop, if the run was asked to.

        With several processes, this happens only where `together` says that all ask at once.
        """
        processes = self.learner.processes
        if (together or not processes.several) and processes.any(self.asked_to_stop()):
            if self.pending:
                self.drain()
                self.save()
            self.tell("stopped")
            raise Interrupted

    def finish_epoch(self) -> None:
        """Validate, add the epoch to the history, save."""
        state = self.state
        scores = self.validate()
        state.rows.append(self.row(scores))
        lowest = min((score.loss for score in scores.values()), default=None)
        if lowest is not None:
            self.learner.schedule.validated(lowest)
        self.stop.after_epoch(state.sums.means["train_loss"], lowest)
        state.epoch += 1
        state.sums = Sums()
        self.watched = Sums()
        self.save()
        self.tell("running")
        if self.learner.processes.first:
            self.journal.history(state.rows)

    def validate(self) -> dict[str, Score]:
        """Score the model and its averages; keep the best of them if no earlier weights were
        better.
        """
        epoch = self.state.epoch + 1
        if epoch % self.config.training.validate_every and epoch < self.config.training.epochs:
            return {}
        scores, model = {}, self.learner.model
        for which, weights in self.learner.candidates().items():
            with swapped(model, weights):
                scores[which] = self.validation.score(
                    model, self.state.epoch, lambda: self.pause(together=False)
                )
        best = self.state.best.loss if self.state.best else math.inf
        with self.unless_diverged(self.state.sums):
            self.guard.validated(f"epoch {epoch}", scores["model"].loss, best)
        which = min(scores, key=lambda name: scores[name].loss)
        self.state.consider(which, scores[which].loss, self.learner.candidates()[which])
        return scores

    def row(self, scores: dict[str, Score]) -> dict[str, Any]:
        """The epoch's row of history.csv."""
        chosen = min(scores, key=lambda name: scores[name].loss) if scores else None
        score, best = scores[chosen] if chosen else None, self.state.best
        return {
            "epoch": self.state.epoch + 1,
            "step": (self.state.epoch + 1) * self.batches.steps,
            **self.state.sums.means,
            **self.rate(),
            "valid_loss": score and score.loss,
            "valid_nsdr": score and score.mean_nsdr,
            **{f"nsdr_{s}": score and score.nsdr[s] for s in self.config.model.sources},
            "weights": chosen,
            **{f"loss_{w}": scores and scores[w].loss for w in self.learner.candidates()},
            "best_epoch": best and best.epoch,
            "best_loss": best and best.loss,
        }

    def rate(self) -> dict[str, float]:
        """The learning rate's factor at the epoch's last step, if the schedule ever changes it."""
        schedule = self.learner.schedule
        last = max(0, self.learner.made - 1)
        return {"rate_factor": schedule.factor(last)} if schedule.changes else {}

    @property
    def parts(self) -> dict[str, Guard | Schedule | Stop]:
        """The parts that have state other than tensors, by their names in checkpoints."""
        return {"guard": self.guard, "schedule": self.learner.schedule, "stop": self.stop}

    def save(self) -> None:
        """Write a checkpoint of the whole state."""
        self.state.seconds = self.before + time.monotonic() - self.entered
        if self.learner.processes.first:
            states = {name: part.state() for name, part in self.parts.items()}
            facts = {**self.state.facts(), **states, "config": self.digest}
            facts["versions"] = versions()
            tensors = {**self.learner.state(), **self.state.tensors()}
            self.checkpoints.save(self.state.name, Checkpoint(tensors, facts))
        self.learner.processes.wait()

    def tell(self, word: str) -> None:
        """Write progress.json and the note beside the progress bar."""
        state, training = self.state, self.config.training
        last = state.sums.means if state.sums.steps else state.rows[-1]
        loss = last["train_loss"]
        self.note = f"epoch {min(state.epoch + 1, training.epochs)}, loss {loss:.4f}"
        facts = {
            "epoch": state.epoch,
            "epochs": training.epochs,
            "step": state.epoch * self.batches.steps + state.sums.steps,
            "steps": training.epochs * self.batches.steps,
            "loss": loss if math.isfinite(loss) else None,  # JSON has no NaN
        }
        if self.learner.processes.first:
            self.journal.progress(word, self.made, self.total, facts)

    def stream(self) -> TextIO | None:
        """Where the first process shows progress; the others are silent."""
        return None if self.learner.processes.first else io.StringIO()
