"""A web server on the loopback that behaves like Zenodo, on good days and on bad ones.

Every request first takes the next of `faults`, if there is one; a fault answers itself and returns
True, or spoils the server and returns False.
"""

from __future__ import annotations

import math
import re
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import chain

BLOCK = 1 << 13


class Zenodo(ThreadingHTTPServer):
    """Serves `content` at /files/set.zip; /records/set.zip redirects there."""

    daemon_threads = True

    def __init__(self, content: bytes) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.content, self.etag, self.kind = content, '"v1"', "application/octet-stream"
        self.ranges = True
        self.faults: list[Callable[[Answer], bool]] = []
        self.every: Callable[[Answer], bool] | None = None  # the fault of all further requests
        self.asked: list[str] = []  # the Range of each request for the file
        self.sent = 0  # bytes of the file
        self.most = math.inf  # of them that may leave; then answers wait
        self.clients = 0  # that were killed; answers that wait for one of them end
        self.counting = threading.Lock()
        self.alone = 0  # answers that waited in vain for others to be asked for
        threading.Thread(target=self.serve_forever, args=[0.01], daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/records/set.zip"

    def handle_error(self, request, client_address) -> None:
        """Clients that are killed are part of the test."""

    def close(self) -> None:
        self.shutdown()
        self.server_close()


class Answer(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    server: Zenodo

    def log_message(self, *_) -> None:
        pass

    def do_GET(self) -> None:
        if self.path.startswith("/records/"):
            self.status(302, {"Location": "/files/set.zip"})
            return
        self.server.asked.append(self.headers.get("Range", ""))
        fault = self.server.faults.pop(0) if self.server.faults else self.server.every
        if fault is not None and fault(self):
            return
        start, end = self.wanted()
        if "Range" in self.headers and start >= len(self.server.content):
            self.status(416)
        else:
            self.part(start, end)

    def wanted(self) -> tuple[int, int]:
        """The bytes to send: all, unless a part of this very version is asked for."""
        found = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        same = self.headers.get("If-Range", self.server.etag) == self.server.etag
        if not (found and same and self.server.ranges):
            return 0, len(self.server.content)
        return int(found[1]), min(int(found[2]) + 1, len(self.server.content))

    def part(self, start: int, end: int, stop: int | None = None, stall: float = 0.0) -> None:
        """Send content[start:end], or break the connection at `stop`, `stall` seconds later."""
        whole = (start, end) == (0, len(self.server.content))
        head = {"Content-Length": str(end - start), "Content-Type": self.server.kind}
        if self.server.etag:
            head["ETag"] = self.server.etag
        if not whole or (self.server.ranges and "Range" in self.headers):
            head["Content-Range"] = f"bytes {start}-{end - 1}/{len(self.server.content)}"
        blocks = self.counted(start, end if stop is None else min(stop, end))
        first = next(blocks, b"")  # counted before a client can have heard anything
        self.send_response(206 if "Content-Range" in head else 200)
        self.headers_only(head)
        self.body(chain([first], blocks))
        if stop is not None and stop < end:
            time.sleep(stall)
            self.hang_up()

    def body(self, blocks: Iterable[bytes]) -> None:
        asked_by = self.server.clients
        for block in blocks:
            self.wfile.write(block)
            self.wfile.flush()
            while self.server.sent >= self.server.most:
                time.sleep(0.002)
                if self.server.clients != asked_by:
                    raise ConnectionAbortedError

    def counted(self, start: int, end: int) -> Iterator[bytes]:
        """content[start:end] in blocks, each counted before it can leave."""
        for place in range(start, end, BLOCK):
            block = self.server.content[place : min(place + BLOCK, end)]
            with self.server.counting:
                self.server.sent += len(block)
            yield block

    def headers_only(self, head: dict[str, str]) -> None:
        for name, value in head.items():
            self.send_header(name, value)
        self.end_headers()

    def status(self, code: int, head: dict[str, str] | None = None) -> bool:
        self.send_response(code)
        self.headers_only({"Content-Length": "0", **(head or {})})
        return True

    def hang_up(self) -> None:
        self.close_connection = True
        self.wfile.flush()
        self.connection.close()


# Faults


def together(count: int, seconds: float = 20.0) -> Callable[[Answer], bool]:
    """No piece is answered before so many are asked for, after the first byte."""

    def wait(answer: Answer) -> bool:
        deadline = time.monotonic() + seconds
        while len(set(answer.server.asked)) <= count and answer.headers["Range"] != "bytes=0-0":
            if time.monotonic() > deadline:
                answer.server.alone += 1
                break
            time.sleep(0.002)
        return False

    return wait


def says(code: int, **head: str) -> Callable[[Answer], bool]:
    return lambda answer: answer.status(code, {k.replace("_", "-"): v for k, v in head.items()})


def busy_until(seconds: float) -> Callable[[Answer], bool]:
    """503 with a Retry-After that is a date."""
    return lambda a: a.status(503, {"Retry-After": formatdate(time.time() + seconds, usegmt=True)})


def breaks_after(count: int) -> Callable[[Answer], bool]:
    """The connection is closed after so many bytes of the answer."""

    def fault(answer: Answer) -> bool:
        start, end = answer.wanted()
        answer.part(start, end, start + count)
        return True

    return fault


def stalls_after(count: int, seconds: float) -> Callable[[Answer], bool]:
    """Nothing comes any more, but the connection stays for a while."""

    def fault(answer: Answer) -> bool:
        start, end = answer.wanted()
        answer.part(start, end, start + count, seconds)
        return True

    return fault


def another_part(answer: Answer) -> bool:
    """As a broken proxy's cache does."""
    start, end = answer.wanted()
    answer.part(start + 1, end)
    return True


def whole_for_a_part(answer: Answer) -> bool:
    size = len(answer.server.content)
    answer.send_response(200)
    answer.headers_only({"Content-Length": str(size), "ETag": answer.server.etag})
    answer.body(0, size)
    return True


def hangs_up(answer: Answer) -> bool:
    answer.hang_up()
    return True


def becomes(content: bytes, etag: str) -> Callable[[Answer], bool]:
    """Another file from now on."""

    def fault(answer: Answer) -> bool:
        answer.server.content, answer.server.etag = content, etag
        return False

    return fault


def new_version_each_time(answer: Answer) -> bool:
    answer.server.etag = f'"v{len(answer.server.asked)}"'
    return False
