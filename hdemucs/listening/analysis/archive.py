"""An anonymised archive of answers for publication: tables, submissions, and how to cite them.

Codes are replaced by numbers in a random order that is not recorded, and times of day by durations.
Comments and browsers are left out.
"""

from __future__ import annotations

import json
import random
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from hashlib import sha256
from pathlib import Path

import pandas as pd

from hdemucs.config.listening import RatingsConfig
from hdemucs.errors import UserError
from hdemucs.files import replacing
from hdemucs.listening.analysis.analyse import examine
from hdemucs.listening.answers.form import Submission, canonical
from hdemucs.listening.answers.read import Answers, submissions
from hdemucs.listening.key import Entry

ABOUT = Path(__file__).parent / "archive.md"
HIDDEN = ["file", "started", "finished", "comment"]  # participants' columns to leave out
STAMP = (2000, 1, 1, 0, 0, 0)  # time stamp of every file in the archive
PAPER = {
    "type": "article",
    "title": "Hybrid Spectrogram and Waveform Source Separation",
    "authors": [{"family-names": "Défossez", "given-names": "Alexandre"}],
    "url": "https://arxiv.org/abs/2111.03600",
}


@dataclass(frozen=True)
class Citation:
    """How others cite the archive."""

    title: str
    authors: tuple[str, ...]  # "Family, Given"
    licence: str  # SPDX identifier, such as CC-BY-4.0
    released: date

    def text(self) -> str:
        """CITATION.cff, version 1.2.0 of the format, in JSON, which is valid YAML."""
        content = {
            "cff-version": "1.2.0",
            "type": "dataset",
            "message": "If you use these ratings, please cite them as below.",
            "title": self.title,
            "authors": [person(name) for name in self.authors],
            "license": self.licence,
            "date-released": self.released.isoformat(),
            "references": [PAPER],
        }
        return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def person(name: str) -> dict[str, str]:
    """A person's entry in CITATION.cff.

    Raises:
        UserError: the name does not say which part is the family name.
    """
    family, comma, given = (part.strip() for part in name.partition(","))
    if not (family and comma and given):
        raise UserError(f"--author {name!r}", "is not 'Family, Given'", "write it with a comma")
    return {"family-names": family, "given-names": given}


def archive(
    config: RatingsConfig, key: Sequence[Entry], answers: Path, found: Answers, citation: Citation
) -> dict[str, str]:
    """The files of the archive, by name; `found` was read from `answers`.

    Raises:
        UserError: there are no answers.
    """
    if not len(found.ratings):
        raise UserError(answers, "holds no answers", "collect some first")
    codes = numbered(found.ratings["listener"])
    frames = examine(config, key, found, "").frames
    people = frames["participants"].drop(columns=HIDDEN)
    tables = {"ratings.csv": frames["ratings"], "participants.csv": people}
    return {
        "README.md": ABOUT.read_text().format(title=citation.title, licence=citation.licence),
        "CITATION.cff": citation.text(),
        **{name: text(anonymous(frame, codes)) for name, frame in tables.items()},
        **dict(sent(answers, codes)),
    }


def numbered(listeners: pd.Series) -> dict[str, str]:
    """A random number for each listener's code."""
    known = sorted(set(listeners))
    drawn = random.SystemRandom().sample(range(1, len(known) + 1), len(known))
    return {code: f"listener-{number:03}" for code, number in zip(known, drawn, strict=True)}


def anonymous(frame: pd.DataFrame, codes: dict[str, str]) -> pd.DataFrame:
    """The table without codes, in the order of the numbers."""
    names = frame["listener"].map(codes)
    submission = [
        hidden(code, session) for code, session in zip(names, frame["submission"], strict=True)
    ]
    return frame.assign(listener=names, submission=submission).sort_values(
        ["listener", "submission"], kind="stable"
    )


def hidden(code: str, submission: str) -> str:
    """An invented name in the form of a submission's."""
    return sha256(f"{code}|{submission}".encode()).hexdigest()[:32]


def text(frame: pd.DataFrame) -> str:
    return frame.to_csv(index=False, float_format="%.6g", lineterminator="\n")


def sent(answers: Path, codes: dict[str, str]) -> Iterator[tuple[str, str]]:
    """The submissions of our page, each once."""
    for submission in submissions(answers):
        code = codes.get(submission.listener)
        if code is not None:
            bare = without(submission, code)
            yield f"submissions/{bare.session}-{code}.json", canonical(bare).decode()


def without(submission: Submission, code: str) -> Submission:
    """The submission without anything that identifies the listener."""
    return replace(
        submission,
        listener=code,
        submission=hidden(code, submission.submission),
        seed="",  # because it contains the code
        started="",
        finished="",
        comment="",
        agent="",
    )


def save(files: dict[str, str], path: Path) -> None:
    """Write a ZIP archive; equal files give equal bytes."""
    with replacing(path) as temporary, zipfile.ZipFile(temporary, "w") as packed:
        for name, content in files.items():
            about = zipfile.ZipInfo(name, STAMP)
            about.compress_type = zipfile.ZIP_DEFLATED
            about.external_attr = 0o644 << 16
            packed.writestr(about, content)
