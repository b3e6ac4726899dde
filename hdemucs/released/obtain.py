"""Files of released models: downloaded or found in a folder, checked, and pinned.

    data/released/<file>                a file, once it is complete and correct
    data/released/<file>.part.refused   a file with a wrong digest, kept for inspection
    released.lock                       digests of all files that were ever used; kept in git

A file's name has the first digits of its SHA-256. The whole digest is pinned when the file is first
used. From then on, another file with this name is refused, here and in every clone.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from hdemucs.config.data import DownloadConfig
from hdemucs.config.given import ReleasedFile
from hdemucs.datasets.download import Checks, download
from hdemucs.datasets.partial import discard
from hdemucs.datasets.place import lock
from hdemucs.errors import UserError
from hdemucs.files import sha256, write_text

FOLDER = "HDEMUCS_RELEASED"  # a folder with the files; nothing is downloaded then
MIRROR = "HDEMUCS_RELEASED_URL"  # a server with all files, in place of the authors'
LOCK = "released.lock"
BY_HAND = f"download it by hand and set ${FOLDER} to its folder"
SIZE = 1_200_000_000  # bytes of the largest possible file: float32 weights of the largest model
CONNECTIONS, PATIENCE, ATTEMPTS = 4, 60.0, 10


def obtain(file: ReleasedFile, home: Path, attempts: int = ATTEMPTS) -> tuple[Path, str]:
    """Where a file is, and its SHA-256; it is downloaded to `home`/data/released if needed.

    Raises:
        UserError: it cannot be obtained, or differs from what its name or `released.lock` says.
    """
    given = os.environ.get(FOLDER, "")
    path = found(Path(given).expanduser(), file) if given else downloaded(file, home, attempts)
    digest = sha256(path)
    expected = wanted(file, home)
    if not digest.startswith(expected):
        problem = f"has the SHA-256 {digest} where {expected} is expected"
        raise UserError(path, problem, "replace it with the file that its authors published")
    pin(file, digest, home)
    return path, digest


def found(folder: Path, file: ReleasedFile) -> Path:
    """A file in the user's folder.

    Raises:
        UserError: it is not there.
    """
    path = folder / file.file
    if not path.is_file():
        raise UserError(path, f"is missing in ${FOLDER}", "put it there, or unset the variable")
    return path


def downloaded(file: ReleasedFile, home: Path, attempts: int) -> Path:
    """The file, downloaded unless it is there; an interrupted download is continued."""
    path = home / "data" / "released" / file.file
    part = path.with_name(f"{path.name}.part")
    with lock(path.with_name(f".{path.name}.lock"), "downloading it", wait=True):
        if path.is_file():
            return path
        mirror = os.environ.get(MIRROR, "")
        config = DownloadConfig(
            url=mirror.rstrip("/") + f"/{file.file}" if mirror else file.url,
            unpacked=SIZE, connections=CONNECTIONS, patience=PATIENCE, attempts=attempts,
        )  # fmt: skip
        try:
            download(config, part, Checks({"sha256": wanted(file, home)}, file.file, keep=True))
        except UserError as error:
            aside = part.with_name(f"{part.name}.refused")
            kept = f"look at {aside}, " if aside.exists() else ""
            raise UserError(*error.parts[:2], f"{kept}try again later, or {BY_HAND}") from error
        part.replace(path)
        discard(part)
    return path


def wanted(file: ReleasedFile, home: Path) -> str:
    """What a file's SHA-256 must begin with; the whole digest once it is pinned."""
    return pinned(home).get(file.file, file.digits)


def pinned(home: Path) -> Mapping[str, str]:
    """The pinned digests, by file.

    Raises:
        UserError: released.lock is damaged.
    """
    path = home / LOCK
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    entries = [line.split("  ", 1) for line in lines]
    if any(len(entry) != 2 for entry in entries):  # noqa: PLR2004  a digest and a name
        raise UserError(path, "is damaged", "restore it from git")
    return {name: digest for digest, name in entries}


def pin(file: ReleasedFile, digest: str, home: Path) -> None:
    known = dict(pinned(home))
    if known.get(file.file) != digest:
        known[file.file] = digest
        lines = [f"{known[name]}  {name}\n" for name in sorted(known)]
        write_text(home / LOCK, "".join(lines))
