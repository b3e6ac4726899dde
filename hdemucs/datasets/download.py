"""Download a large file over several connections, resume after any break, check its digests."""

from __future__ import annotations

import hashlib
import math
import queue
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tqdm import tqdm

from hdemucs.config.data import DownloadConfig
from hdemucs.datasets.partial import Partial, discard
from hdemucs.datasets.place import check_space
from hdemucs.datasets.remote import BY_HAND, Broken, Changed, Remote, Version
from hdemucs.errors import UserError, shown
from hdemucs.progress import Progress

MEGA = 1_000_000
FIRST_WAIT, LONGEST_WAIT = 0.5, 60.0  # seconds between tries, doubling
MAGIC = b"PK\x03\x04"  # a ZIP archive's first bytes
SPOKEN_EVERY = 1.0  # least seconds between two lines about connections that fail together
AGAIN = "run the same command again, which resumes the download"


@dataclass(frozen=True)
class Checks:
    """The first digits of a file's digests, by `md5` or `sha256`; other files are refused."""

    digests: Mapping[str, str]
    what: str  # name of what is downloaded, for messages
    keep: bool = False  # whether to keep a refused file beside its place, for inspection


def download(config: DownloadConfig, path: Path, checks: Checks) -> None:
    """Download the file to `path`; after a break, the part that came is used the next time.

    Raises:
        UserError: the server does not give it, the disk is full, or the digests differ.
    """
    changes = 0
    while True:
        version = patiently(config)
        try:
            Download(config, version, path, checks).run()
        except Changed as change:
            discard(path)
            changes += 1
            if changes == config.attempts:
                raise UserError(config.url, "changes while it is downloaded", BY_HAND) from change
        else:
            return


def patiently(config: DownloadConfig) -> Version:
    """Ask for the file's version until the server answers."""
    teller = Teller()
    remote, tries = Remote(config.url, config.patience), Tries(config, teller, counts=True)
    teller.say(f"asking {config.url}")
    while True:
        try:
            return remote.version()
        except Broken as broken:
            time.sleep(tries.failed(broken))
        except Changed as error:  # the server cannot give the range with the first byte
            raise UserError(config.url, "is an empty file", BY_HAND) from error


class Teller:
    """Prints lines on standard error, above a progress bar if there is one, from any thread."""

    def __init__(self, every: float = 0.0) -> None:
        self.every, self.last = every, -math.inf
        self.speaking = threading.Lock()

    def say(self, line: str) -> None:
        """Print a line, unless another was printed less than `every` seconds ago."""
        with self.speaking:
            if time.monotonic() - self.last >= self.every:
                self.last = time.monotonic()
                tqdm.write(shown(line), file=sys.stderr)
                sys.stderr.flush()


class Tries:
    """Counts consecutive failures, and waits longer after each.

    If `counts`, progress resets the count; it does not where a break loses all progress.
    """

    def __init__(self, config: DownloadConfig, teller: Teller, *, counts: bool) -> None:
        self.config, self.teller, self.counts, self.failures = config, teller, counts, 0

    def progressed(self) -> None:
        self.failures = 0 if self.counts else self.failures

    def failed(self, broken: Broken) -> float:
        """Print a line, and return the seconds to wait before the next try.

        Raises:
            UserError: this was the last try.
        """
        self.failures += 1
        if self.failures >= self.config.attempts:
            problem = f"sent no data in {self.failures} tries ({broken})"
            raise UserError(self.config.url, problem, AGAIN) from broken
        wait = max(broken.after, min(FIRST_WAIT * 2 ** (self.failures - 1), LONGEST_WAIT))
        next_try = f"try {self.failures + 1} of {self.config.attempts} in {wait:.1f} s"
        self.teller.say(f"{self.config.url}: {broken}; {next_try}")
        return wait


class Download:
    """Downloads one version of the file in pieces."""

    def __init__(
        self, config: DownloadConfig, version: Version, path: Path, checks: Checks
    ) -> None:
        self.config, self.version, self.path, self.checks = config, version, path, checks
        self.partial = Partial(path, version)
        self.news: queue.Queue[int | Exception] = queue.Queue()
        self.todo: queue.SimpleQueue[int] = queue.SimpleQueue()
        self.stop = threading.Event()
        self.received = 0  # bytes received over all connections
        self.counting = threading.Lock()
        self.teller = Teller(SPOKEN_EVERY)

    def run(self) -> None:
        """Download the missing pieces and check the whole file."""
        missing = self.partial.missing
        left = self.version.size - self.partial.bytes_done
        try:
            if missing:  # unpacking checks itself, as it knows what it has done
                check_space(self.path.parent, left + self.config.unpacked, self.checks.what)
            for index in missing:
                self.todo.put(index)
            for _ in range(min(self.config.connections, len(missing))):
                threading.Thread(target=self.connection, daemon=True).start()
            self.collect(len(missing))
        finally:
            self.stop.set()
            self.partial.close()

    def collect(self, missing: int) -> None:
        """Record finished pieces, and hash the file from its start as far as it is complete."""
        check, before = Checksums(self.partial), self.partial.bytes_done
        progress = Progress("downloading", -(-self.version.size // MEGA), "MB")
        progress.step(before // MEGA)
        started = time.monotonic()
        try:
            check.advance()
            while missing:
                missing -= self.heard()
                check.advance()
                there = progress.total if not missing else (before + self.received) // MEGA
                rate = self.received / MEGA / max(1e-9, time.monotonic() - started)
                progress.step(min(there, progress.total) - progress.done, f"{rate:.1f} MB/s")
        finally:
            progress.close()
        self.verify(check)

    def heard(self) -> int:
        """Wait for a piece; 1 if one is finished, 0 if it is time to show progress."""
        try:
            news = self.news.get(timeout=1.0)
        except queue.Empty:
            return 0
        if isinstance(news, Exception):
            raise news
        self.partial.finish(news)
        return 1

    def verify(self, check: Checksums) -> None:
        """Compare the digests; a file with other digests is removed, since no part of it can be
        trusted.
        """
        for name, wanted in self.checks.digests.items():
            found = check.digests[name].hexdigest()
            if not found.startswith(wanted):
                fate = self.refused()
                problem = f"has the {name.upper()} {found} where {wanted} is expected"
                cure = f"try again later (the file was {fate}), or {BY_HAND}"
                raise UserError(self.config.url, problem, cure)

    def refused(self) -> str:
        """Remove a wrong file, or put it aside; returns a text that says which."""
        if not self.checks.keep:
            discard(self.path)
            return "removed"
        aside = self.path.with_name(f"{self.path.name}.refused")
        self.path.replace(aside)
        discard(self.path)
        return f"kept as {aside}"

    def connection(self) -> None:
        """The work of one thread: download pieces until none is left."""
        remote = Remote(self.config.url, self.config.patience)
        try:
            while not self.stop.is_set():
                index = self.todo.get_nowait()
                if self.piece(remote, index):
                    self.news.put(index)
        except queue.Empty:
            pass
        except Exception as error:  # raised in the main thread
            self.news.put(error)

    def piece(self, remote: Remote, index: int) -> bool:
        """Download one piece, continuing after breaks as long as each try brings some of it.

        Returns whether it is complete; it is not if the download was stopped.
        """
        start, end = self.partial.pieces[index]
        position, tries = start, Tries(self.config, self.teller, counts=self.version.ranges)
        while position < end and not self.stop.is_set():
            try:
                for chunk in remote.stream(self.version, position, end):
                    position += self.store(chunk, position, end)
                    tries.progressed()
            except Broken as broken:
                position = position if self.version.ranges else start
                self.stop.wait(tries.failed(broken))
        return position == end

    def store(self, chunk: bytes, position: int, end: int) -> int:
        """Write the part of `chunk` that belongs to the piece; return its number of bytes."""
        if position == 0 and not chunk.startswith(MAGIC[: len(chunk)]):
            raise UserError(self.config.url, "is no ZIP archive", "correct fetch.data.archive.url")
        wanted = chunk[: end - position]
        self.partial.write(wanted, position)
        with self.counting:
            self.received += len(wanted)
        return len(wanted)


class Checksums:
    """Digests of an unfinished file, from its first byte to its first gap."""

    def __init__(self, partial: Partial) -> None:
        self.partial, self.next = partial, 0
        self.digests = {"md5": hashlib.md5(usedforsecurity=False), "sha256": hashlib.sha256()}

    def advance(self) -> None:
        while self.next in self.partial.done:
            for block in self.partial.blocks(self.next):
                for digest in self.digests.values():
                    digest.update(block)
            self.next += 1
