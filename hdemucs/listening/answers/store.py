"""Where answers are kept: a file a submission, whole or not there, never changed or removed."""

from __future__ import annotations

import os
from enum import Enum
from pathlib import Path
from uuid import uuid4

from hdemucs.files import sync
from hdemucs.listening.answers.form import Submission, canonical


class Kept(Enum):
    """What became of a submission."""

    NEW = "stored"
    KNOWN = "already stored"
    OTHER = "another submission has this name"


def keep(folder: Path, submission: Submission) -> Kept:
    """Store a submission so that a power cut after the return cannot lose it.

    The file is written and synced under a name of its own, then linked to its place, which fails
    where something is there: two servers, or one that was killed and started again, never
    overwrite an answer or see half of one.

    Raises:
        OSError: it could not be stored; nothing is left behind under its name.
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
