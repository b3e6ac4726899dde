"""The server of a listening test: shows its files and keeps answers; nothing else.

Loopback unless told otherwise. Every request is bounded in size, time and number; paths are looked
up in a list, never joined to a folder.
"""

from __future__ import annotations

import json
import signal
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import unquote, urlsplit

from hdemucs.errors import UserError
from hdemucs.listening.answers.form import parse
from hdemucs.listening.answers.store import Kept, keep
from hdemucs.listening.serve.content import Content, load_content

LARGEST = 2 << 20  # bytes of an answer
PATIENCE = 20.0  # seconds for a client to say something
LIFETIME = 120.0  # seconds of a connection
LINGER = 5.0  # seconds for a client to hear the last reply
MOST = 64  # requests at once
LOOPBACK = ("127.0.0.1", "::1", "localhost")
TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".json": "application/json",
    ".flac": "audio/flac",
}
HEADERS = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    server_version, sys_version = "listen", ""
    timeout = PATIENCE
    disable_nagle_algorithm = True
    server: Server
    STATUS: ClassVar[dict[Kept, HTTPStatus]] = {
        Kept.NEW: HTTPStatus.CREATED,
        Kept.KNOWN: HTTPStatus.OK,
        Kept.OTHER: HTTPStatus.CONFLICT,
    }

    def setup(self) -> None:
        """A client that sends a byte now and then holds its place no longer than LIFETIME."""
        super().setup()
        self.end = threading.Timer(LIFETIME, self.hang_up)
        self.end.daemon = True
        self.end.start()

    def finish(self) -> None:
        with suppress(OSError):
            self.linger()
        self.end.cancel()
        super().finish()

    def linger(self) -> None:
        """Let a client that is still sending hear the reply: closed on it, it hears a reset."""
        self.connection.shutdown(socket.SHUT_WR)
        self.connection.settimeout(LINGER)
        left = 4 * LARGEST
        while left > 0 and (unread := self.connection.recv(1 << 16)):
            left -= len(unread)

    def hang_up(self) -> None:
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)

    def do_GET(self) -> None:
        path = unquote(urlsplit(self.path).path)
        file = self.server.content.files.get(path) if self.at_home() else None
        if file is None:
            self.reply(HTTPStatus.NOT_FOUND, {"error": "there is no such file"})
        else:
            self.send(HTTPStatus.OK, TYPES.get(file.suffix, "application/octet-stream"), file)

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_POST(self) -> None:
        try:
            submission = parse(self.body())
            self.server.content.check(submission)
        except Refused as refused:
            self.close_connection = True  # what was not read must not be taken for a request
            self.reply(refused.status, {"error": str(refused)})
        except (ValueError, RecursionError) as error:
            self.reply(HTTPStatus.BAD_REQUEST, {"error": str(error)})
        else:
            self.store(submission)

    def store(self, submission: Any) -> None:
        """Acknowledge only what the disk has."""
        try:
            kept = keep(self.server.answers, submission)
        except OSError as error:
            self.log_error("%s not stored: %s", submission.submission, error)
            problem = {"error": "the answer could not be stored; nothing was lost, try again"}
            self.reply(HTTPStatus.INSUFFICIENT_STORAGE, problem)
            return
        result = {"submission": submission.submission, "result": kept.value}
        self.reply(self.STATUS[kept], {"error": kept.value} if kept is Kept.OTHER else result)

    def body(self) -> bytes:
        """The request's body, if it may be read at all."""
        if urlsplit(self.path).path != "/answers":
            raise Refused(HTTPStatus.NOT_FOUND, "answers go to /answers")
        if not self.at_home():
            raise Refused(HTTPStatus.FORBIDDEN, "asked from another place")
        if self.headers.get_content_type() != "application/json":
            raise Refused(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "answers are application/json")
        length = self.length()
        content = self.rfile.read(length)
        if len(content) < length:
            raise Refused(HTTPStatus.BAD_REQUEST, "the body ended early")
        return content

    def length(self) -> int:
        """What the request says of its body's length."""
        said = self.headers.get("Content-Length", "")
        if not said.isascii() or not said.isdigit():
            raise Refused(HTTPStatus.LENGTH_REQUIRED, "Content-Length is missing or no number")
        if int(said) > LARGEST:
            raise Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"more than {LARGEST} bytes")
        return int(said)

    def at_home(self) -> bool:
        """Whether the page that asks is ours: no other site, no other name for this machine."""
        host = self.headers.get("Host", "")
        origin = self.headers.get("Origin")
        known = self.server.open or urlsplit(f"//{host}").hostname in LOOPBACK
        return known and (origin is None or urlsplit(origin).netloc == host)

    def reply(self, status: HTTPStatus, content: dict[str, str]) -> None:
        self.send(status, TYPES[".json"], json.dumps(content).encode())

    def send(self, status: HTTPStatus, kind: str, content: bytes | Path) -> None:
        data = content.read_bytes() if isinstance(content, Path) else content
        self.send_response(status)
        for name, value in {**HEADERS, "Content-Type": kind}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None:
        if not self.server.quiet:
            super().log_message(format, *args)


class Refused(Exception):  # noqa: N818  an answer to a client, no accident
    """A request that is not even read."""

    def __init__(self, status: HTTPStatus, text: str) -> None:
        super().__init__(text)
        self.status = status


class Server(ThreadingHTTPServer):
    """A test's server; at most MOST requests at once, others wait in line."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], content: Content, answers: Path) -> None:
        self.content, self.answers, self.quiet = content, answers, True
        self.open = address[0] not in LOOPBACK
        self.places = threading.BoundedSemaphore(MOST)
        super().__init__(address, Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        self.places.acquire()
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self.places.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no accident of ours."""


def serve(
    folder: Path, answers: Path, host: str, port: int, ready: Callable[[str], None] = print
) -> None:
    """Serve the test in `folder` until interrupted; answers go to the folder `answers`.

    `ready` is told the address. Port 0 takes any free one.

    Raises:
        UserError: there is no test, or the port is taken.
    """
    content = load_content(folder)
    try:
        server = Server((host, port), content, answers)
    except OSError as error:
        problem = f"cannot be listened on ({error.strerror})"
        raise UserError(f"{host}:{port}", problem, "choose another --port") from error
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
    ready(f"http://{host}:{server.server_address[1]}/")
    with server, suppress(KeyboardInterrupt):
        server.serve_forever(poll_interval=0.1)
