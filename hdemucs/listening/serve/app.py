"""The web application of a listening test: serves its files, stores answers, assigns sessions.

Paths are looked up in a list and never joined to a folder; every body is limited in size and time.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass as checked
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from hdemucs.config.base import STRICT
from hdemucs.listening.answers.form import Code, Name, Submission, parse
from hdemucs.listening.answers.store import Kept, keep
from hdemucs.listening.serve.content import Content
from hdemucs.listening.serve.panel import Panel
from hdemucs.listening.serve.status import status_page

LARGEST = 2 << 20  # bytes of an answer
SMALL = 1 << 12  # bytes of any other message
PATIENCE = 60.0  # seconds within which a body must arrive
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
}
FRESH = {"Cache-Control": "no-cache"}
FOR_EVER = {"Cache-Control": "public, max-age=31536000, immutable"}
ALIKE = {"Last-Modified": "Sat, 01 Jan 2000 00:00:00 GMT"}  # of all files: it must reveal nothing
STATUS = {Kept.NEW: 201, Kept.KNOWN: 200, Kept.OTHER: 409}


@dataclass(frozen=True)
class Settings:
    """How a test is run; the page gets `attention`, `language` and `texts`."""

    origins: tuple[str, ...] = ()  # by which the page is reached, besides the server's own
    attention: bool = False  # whether to check that listeners read the questions
    language: str = "en"
    texts: dict[str, Any] = field(default_factory=dict)  # replace the language's own texts
    code: str | None = None  # given to listeners who have sent answers
    redirect: str | None = None  # where they are sent then; {listener} stands for their code
    rehearsal: bool = False  # accept sets whose names others can decode
    token: str = field(default_factory=partial(secrets.token_urlsafe, 12))  # opens the status page


@checked(frozen=True, kw_only=True, config=STRICT)
class Joining:
    """A listener wants a session."""

    listener: Code
    set: Name | None


@checked(frozen=True, kw_only=True, config=STRICT)
class Progress:
    """A listener's present step."""

    listener: Code
    session: Name
    step: Annotated[int, Field(ge=0, le=10_000)]
    of: Annotated[int, Field(ge=0, le=10_000)]


class Refused(Exception):  # noqa: N818  an answer to a client, not an error
    """The answer to a request that is refused."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


Handler = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True)
class Application:
    """Handles the requests of one test."""

    content: Content
    answers: Path
    settings: Settings
    panel: Panel
    anywhere: bool  # listeners use any name of this machine, not only the loopback's

    def asgi(self) -> Starlette:
        routes = [
            Route("/answers", self.guarded(self.take), methods=["POST"]),
            Route("/hello", self.guarded(self.hello), methods=["POST"]),
            Route("/join", self.guarded(self.join), methods=["POST"]),
            Route("/progress", self.guarded(self.follow), methods=["POST"]),
            Route("/status", self.guarded(self.status), methods=["GET"]),
            Route("/{path:path}", self.guarded(self.show), methods=["GET"]),
        ]
        return Starlette(routes=routes)

    def guarded(self, handler: Handler) -> Handler:
        """The handler, for requests from our own pages only; every refusal says why."""

        async def handle(request: Request) -> Response:
            try:
                self.check_origin(request)
                response = await handler(request)
            except Refused as refused:
                response = JSONResponse({"error": str(refused)}, refused.status)
            except ClientDisconnect:
                response = Response(status_code=400)
            response.headers.update({**FRESH, **HEADERS, **response.headers})
            return response

        return handle

    def check_origin(self, request: Request) -> None:
        """Raises: Refused: another site asks, or another name for this machine is used."""
        host, origin = request.headers.get("host", ""), request.headers.get("origin")
        if origin in self.settings.origins:
            return
        hosts = {urlsplit(known).netloc for known in self.settings.origins}
        known = self.anywhere or host in hosts or place(f"//{host}")[0] in LOOPBACK
        if not known or (origin is not None and place(origin)[1] != host):
            asked = origin or f"http://{host}"
            raise Refused(403, f"asked from {asked}, which the server does not know: --origin")

    async def show(self, request: Request) -> Response:
        path = self.content.files.get(request.url.path)
        if path is None:
            raise Refused(404, "there is no such file")
        lasting = request.query_params.get("v") == self.content.listed.sets
        return FileResponse(
            path,
            headers={
                **HEADERS,
                **ALIKE,
                "ETag": f'"{self.content.listed.sets}"',
                **(FOR_EVER if lasting else FRESH),
            },
            media_type=TYPES.get(path.suffix, "application/octet-stream"),
        )

    async def hello(self, _request: Request) -> Response:
        settings = self.settings
        told = {name: getattr(settings, name) for name in ("attention", "language", "texts")}
        return JSONResponse(told)

    async def join(self, request: Request) -> Response:
        asked = await message(request, Joining)
        session = await run_in_threadpool(self.panel.join, asked.listener, asked.set)
        if session is None:
            raise Refused(404, f"there is no set {asked.set}")
        return JSONResponse({"session": session})

    async def follow(self, request: Request) -> Response:
        told = await message(request, Progress)
        if told.session in self.content.listed.sessions:
            given = (told.session, told.listener, told.step, told.of)
            await run_in_threadpool(self.panel.follow, *given)
        return Response(status_code=204)

    async def status(self, request: Request) -> Response:
        given = request.query_params.get("token", "")
        if not secrets.compare_digest(given.encode(), self.settings.token.encode()):
            raise Refused(404, "there is no such file")
        return HTMLResponse(status_page(self.panel))

    async def take(self, request: Request) -> Response:
        """Store answers; acknowledge them only when they are on disk."""
        content = await body(request, LARGEST)
        try:
            submission = await run_in_threadpool(parse, content)
            self.content.check(submission)
        except (ValueError, RecursionError) as error:
            raise Refused(400, str(error)) from error
        try:
            kept = await run_in_threadpool(keep, self.answers, submission)
        except OSError as error:
            problem = "the answer could not be stored; nothing was lost, try again"
            raise Refused(507, problem) from error
        if kept is Kept.OTHER:
            raise Refused(STATUS[kept], kept.value)
        self.panel.finish(submission.session, submission.listener, new=kept is Kept.NEW)
        return JSONResponse(self.receipt(submission, kept), STATUS[kept])

    def receipt(self, submission: Submission, kept: Kept) -> dict[str, str]:
        """What was done with the answers; the crowd platform's code and link only after that."""
        given = {"submission": submission.submission, "result": kept.value}
        if self.settings.code:
            given["code"] = self.settings.code
        if self.settings.redirect:
            given["redirect"] = self.settings.redirect.replace("{listener}", submission.listener)
        return given


def place(url: str) -> tuple[str, str]:
    """Host name, and host with port; empty if it is not a URL."""
    try:
        parts = urlsplit(url)
        return parts.hostname or "", parts.netloc
    except ValueError:
        return "", ""


async def message(request: Request, form: Any) -> Any:
    """A small JSON message, parsed.

    Raises:
        Refused: it has another form.
    """
    try:
        return TypeAdapter(form).validate_json(await body(request, SMALL))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "the body"
        raise Refused(400, f"{place}: {first['msg']}") from error


async def body(request: Request, largest: int) -> bytes:
    """The request's JSON, if its type and size are accepted.

    Raises:
        Refused: its type is wrong, its length is missing or too large, or it does not arrive in
        time.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
        raise Refused(415, "messages are application/json")
    said = request.headers.get("content-length", "")
    if not said.isascii() or not said.isdigit():
        raise Refused(411, "Content-Length is missing or no number")
    if int(said) > largest:
        raise Refused(413, f"more than {largest} bytes")
    try:
        async with asyncio.timeout(PATIENCE):
            return await request.body()
    except TimeoutError as error:
        raise Refused(408, "the body did not arrive") from error
