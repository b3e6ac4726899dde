"""Render the embedded corpus to disk, in MUSDB18-HQ's layout; continue it if it is incomplete.

`plan.json` is written first and says what the folder is for; `corpus.json` is written last, so a
corpus that has it is complete.
"""

from __future__ import annotations

import multiprocessing
import shutil
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any

from hdemucs.config.corpus import CorpusConfig
from hdemucs.corpus.claim import WHOLE, claim, description
from hdemucs.corpus.musdb import SETUP, STEMS, setup
from hdemucs.corpus.plan import Plan, plans
from hdemucs.corpus.soundfont import locate
from hdemucs.corpus.track import PARTIAL, font, write_track
from hdemucs.errors import UserError
from hdemucs.files import sha256, unwritable, write_json, write_text
from hdemucs.progress import Progress
from hdemucs.workers import single_threaded


def make_corpus(config: CorpusConfig, root: Path, jobs: int) -> None:
    """Render what is missing below `root` with `jobs` processes; nothing if it is complete.

    Raises:
        UserError: there is no sound font or no space, or the folder belongs to another corpus.
    """
    soundfont = locate(config.soundfont)
    wanted = description(config, soundfont)
    tracks = plans(config)
    claim(root, wanted)
    missing = [plan for plan in tracks if not complete(root / plan.folder)]
    if missing:
        font(soundfont.path)  # refuse a damaged one before any process starts
        (root / WHOLE).unlink(missing_ok=True)
        render(missing, config, soundfont.path, root, jobs)
    if not (root / WHOLE).is_file():
        finish(root, wanted, tracks)


def complete(folder: Path) -> bool:
    return all((folder / f"{stem}.wav").is_file() for stem in STEMS)


def render(
    missing: list[Plan], config: CorpusConfig, soundfont: Path, root: Path, jobs: int
) -> None:
    """Render all missing tracks, in any order; after a failure, no further track begins.

    Raises:
        UserError: the disk is full or the folder cannot be written.
    """
    progress = Progress("corpus", len(missing), "tracks")
    try:
        for name in finished(missing, config, soundfont, root, jobs):
            progress.step(note=name)
    except OSError as error:
        raise unwritable(root, error) from error
    except BrokenProcessPool as error:
        cure = "run the same command again, with fewer jobs if memory is short"
        raise UserError(root, "a process that rendered tracks was killed", cure) from error
    finally:
        progress.close()
        shutil.rmtree(root / PARTIAL, ignore_errors=True)


def finished(
    missing: list[Plan], config: CorpusConfig, soundfont: Path, root: Path, jobs: int
) -> Iterator[str]:
    """The names of the tracks, as they are finished."""
    if jobs == 1 or len(missing) == 1:
        for plan in missing:
            yield write_track(plan, config, soundfont, root)
        return
    with single_threaded():
        context = multiprocessing.get_context("spawn")
        pool = ProcessPoolExecutor(min(jobs, len(missing)), context)
        try:
            waiting: set[Future[str]] = {
                pool.submit(write_track, plan, config, soundfont, root) for plan in missing
            }
            while waiting:
                done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                for future in done:
                    yield future.result()
        finally:
            pool.shutdown(cancel_futures=True)


def finish(root: Path, wanted: dict[str, Any], tracks: list[Plan]) -> None:
    """Write musdb's settings for validation tracks, then the record of completeness."""
    write_text(root / SETUP, setup(wanted["parameters"]["sample_rate"], tracks))
    files = {
        (plan.folder / f"{stem}.wav").as_posix(): sha256(root / plan.folder / f"{stem}.wav")
        for plan in tracks
        for stem in STEMS
    }
    listed = {
        plan.name: {"split": plan.split, "style": plan.style, "voice": plan.voice}
        for plan in tracks
    }
    write_json(root / WHOLE, wanted | {"tracks": listed, "files": files})
