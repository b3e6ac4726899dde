"""Store answers: one file per submission, complete or absent, never changed or deleted."""

from __future__ import annotations

import os
from enum import Enum
from pathlib import Path
from uuid import uuid4

from hdemucs.files import sync
from hdemucs.listening.answers.form import Submission, canonical


class Kept(Enum):
    """What was done with a submission."""

    NEW = "stored"
    KNOWN = "already stored"
    OTHER = "another submission has this name"


def keep(folder: Path, submission: Submission) -> Kept:
    """Store a submission so that it is on disk when this returns.

    The file is written and synced under a name of its own, then hard-linked to its place, which
    fails if a file is there. So two servers, or a restarted one, never overwrite an answer or read
    an unfinished one.

    Raises:
        OSError: it could not be stored; nothing is left under its name.
    """
    place = folder / f"{submission.session}-{submission.submission}.json"
    content = canonical(submission)
    folder.mkdir(parents=True, exist_ok=True)
    temporary = folder / f".{uuid4().hex}.tmp"
    try:
        temporary.write_bytes(content)
        sync(temporary)
        os.link(temporary, place)
    except FileExistsError:
        return Kept.KNOWN if place.read_bytes() == content else Kept.OTHER
    finally:
        temporary.unlink(missing_ok=True)
        sync(folder)
    return Kept.NEW
