"""Serve a listening test until interrupted; by default on the loopback address only."""

from __future__ import annotations

import asyncio
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from hdemucs.errors import UserError
from hdemucs.listening.serve.app import LOOPBACK, Application, Settings
from hdemucs.listening.serve.content import Content, load_content
from hdemucs.listening.serve.panel import Panel

IDLE = 5  # seconds that a connection may be idle between two requests
SILENT = 20.0  # seconds until the first request of a connection
BACKLOG = 512


class Protocol(H11Protocol):
    """HTTP/1.1; connections that never send a request are closed."""

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self.loop.call_later(SILENT, self.close_silent)

    def close_silent(self) -> None:
        if self.cycle is None and not self.transport.is_closing():
            self.transport.close()


class Server(uvicorn.Server):
    """The server of one test."""

    def __init__(self, listening: socket.socket, application: Application) -> None:
        self.listening = listening
        config = uvicorn.Config(
            application.asgi(), http=Protocol, ws="none", lifespan="off", log_config=None,
            access_log=False, server_header=False, timeout_keep_alive=IDLE,
            timeout_graceful_shutdown=5, proxy_headers=True,
        )  # fmt: skip
        super().__init__(config)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Handles no signals: the caller decides what stops the server."""
        yield

    def run_until_stopped(self) -> None:
        asyncio.run(self.serve(sockets=[self.listening]))


@dataclass(frozen=True)
class Address:
    """The address that listeners use."""

    host: str
    port: int

    @property
    def url(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}/"


def listen(host: str, port: int) -> socket.socket:
    """A listening socket, for IPv4 or IPv6.

    Raises:
        UserError: the address is unknown or in use.
    """
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        return socket.create_server(address[:2], family=family, backlog=BACKLOG)
    except OSError as error:
        problem = f"cannot be listened on ({error.strerror})"
        raise UserError(f"{host}:{port}", problem, "choose another --port or --host") from error


def server(content: Content, answers: Path, address: Address, settings: Settings) -> Server:
    """A server that is listening already; port 0 takes any free port."""
    panel = Panel(content.listed.sessions, answers)
    anywhere = address.host not in LOOPBACK
    application = Application(content, answers, settings, panel, anywhere)
    return Server(listen(address.host, address.port), application)


def serve(
    folder: Path,
    answers: Path,
    address: Address,
    settings: Settings,
    ready: Callable[[str], None] = print,
) -> None:
    """Serve the test in `folder` until interrupted; answers are stored in the folder `answers`.

    `ready` is called with the addresses of the test and of the status page.

    Raises:
        UserError: there is no test, it is a trial set and no rehearsal, or the port is in use.
    """
    content = load_content(folder, rehearsal=settings.rehearsal)
    made = server(content, answers, address, settings)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, made.handle_exit)
    url = Address(address.host, made.listening.getsockname()[1]).url
    ready(f"test: {url} (one link for everybody: {url}?join)")
    ready(f"status, for you alone: {url}status?token={settings.token}")
    made.run_until_stopped()
