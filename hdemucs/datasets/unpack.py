"""Unpack a ZIP archive of songs beside its place, and rename it when it is complete."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path, PurePosixPath

from hdemucs.datasets.place import check_space, put
from hdemucs.errors import UserError
from hdemucs.files import BLOCK, replacing, unwritable
from hdemucs.progress import Progress

THREADS = 4  # zlib works without holding Python's lock
SYMLINK, KIND = 0o120000, 0o170000  # of the Unix mode in an entry's external attributes
CURE = "remove the archive and fetch the data again"


def unpack(archive: Path, root: Path) -> None:
    """Unpack the folder in `archive` that contains train/ to `root`.

    Files of an earlier, interrupted try are kept if their checksums agree.

    Raises:
        UserError: the archive is damaged or contains what it should not, or the disk is full.
    """
    part = root.with_name(f".{root.name}.part")
    try:
        with zipfile.ZipFile(archive) as file:
            entries = dict(chosen(archive, file))
            clear(part, set(entries))
            missing = [name for name in entries if not is_there(part / name, entries[name])]
            check_space(root.parent, sum(entries[name].file_size for name in missing), "unpacking")
            extract(archive, file, part, {name: entries[name] for name in missing})
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        raise UserError(archive, f"is a damaged archive ({error})", CURE) from error
    except OSError as error:
        raise unwritable(part, error) from error
    put(part, root)


def chosen(archive: Path, file: zipfile.ZipFile) -> Iterator[tuple[str, zipfile.ZipInfo]]:
    """(path below the root, entry) of every file to unpack.

    Raises:
        UserError: it has no train/, a path out of the folder, a link, or a name twice.
    """
    names = [PurePosixPath(entry.filename) for entry in file.infolist() if not entry.is_dir()]
    tops = [name.parts[: name.parts.index("train")] for name in names if "train" in name.parts[:-1]]
    if not tops:
        raise UserError(archive, "holds no folder train/", "correct fetch.data.archive.url")
    top, seen = min(tops, key=len), set()
    for entry in file.infolist():
        path = PurePosixPath(entry.filename)
        if entry.is_dir() or path.parts[: len(top)] != top or ignored(path):
            continue
        inner = str(PurePosixPath(*path.parts[len(top) :]))
        if unsafe(entry) or inner in seen:
            raise UserError(archive, f"holds the suspect entry {entry.filename!r}", CURE)
        seen.add(inner)
        yield inner, entry


def ignored(path: PurePosixPath) -> bool:
    """Whether a file was added by the archive programs of desktop systems."""
    return "__MACOSX" in path.parts or path.name in (".DS_Store", "Thumbs.db")


def unsafe(entry: zipfile.ZipInfo) -> bool:
    path = PurePosixPath(entry.filename)
    link = (entry.external_attr >> 16) & KIND == SYMLINK
    return link or path.is_absolute() or ".." in path.parts or "\\" in entry.filename


def clear(part: Path, names: set[str]) -> None:
    """Delete files that a killed process was writing, or that come from an older archive."""
    for path in part.rglob("*"):
        if not path.is_dir() and str(path.relative_to(part)) not in names:
            path.unlink()


def is_there(path: Path, entry: zipfile.ZipInfo) -> bool:
    """Whether an earlier try left the file with the archive's size and CRC-32."""
    if not path.is_file() or path.stat().st_size != entry.file_size:
        return False
    crc = 0
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            crc = zlib.crc32(block, crc)
    return crc == entry.CRC


def extract(
    archive: Path, file: zipfile.ZipFile, part: Path, entries: dict[str, zipfile.ZipInfo]
) -> None:
    """Write the files, several at a time; stop at the first failure."""
    progress = Progress("unpacking", len(entries), "files")
    pool = ThreadPoolExecutor(THREADS)
    try:
        jobs = [pool.submit(one, archive, file, e, part / name) for name, e in entries.items()]
        for job in as_completed(jobs):
            job.result()
            progress.step()
    finally:
        pool.shutdown(cancel_futures=True)
        progress.close()


def one(archive: Path, file: zipfile.ZipFile, entry: zipfile.ZipInfo, path: Path) -> None:
    """Write one file completely, checking its CRC-32 while it is read."""
    with replacing(path) as temporary, file.open(entry) as source, temporary.open("wb") as target:
        count = 0
        while block := source.read(BLOCK):
            target.write(block)
            count += len(block)
    if count != entry.file_size:
        raise UserError(archive, f"holds {entry.filename!r} incompletely", CURE)
