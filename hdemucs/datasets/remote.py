"""Requests for one file on a web server, which may break off, throttle or change the file."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

import requests
from urllib3.exceptions import HTTPError

from hdemucs.errors import UserError

CHUNK = 1 << 18  # bytes
LONGEST_WAIT = 120.0  # most seconds, whatever a server asks for
BY_HAND = "download it by hand, unpack it and set $MUSDB_ROOT"
BUSY = {408, 425, 429, 500, 502, 503, 504}  # worth another try (RFC 9110, RFC 6585)
HOPELESS = (
    requests.TooManyRedirects,
    requests.exceptions.SSLError,
    requests.exceptions.InvalidURL,
    requests.exceptions.InvalidSchema,
)
PARTIAL, WHOLE, GONE_RANGE = 206, 200, 416


class Broken(Exception):  # noqa: N818  not this program's error
    """A request that may succeed later, `after` seconds from now at the earliest."""

    def __init__(self, reason: str, after: float = 0.0) -> None:
        super().__init__(reason)
        self.after = after


class Changed(Exception):  # noqa: N818
    """The file on the server has changed."""


@dataclass(frozen=True)
class Version:
    """The version of a file on a server."""

    url: str
    size: int  # bytes
    etag: str  # "" if the server gives none
    ranges: bool  # whether parts of it can be requested


class Remote:
    """Requests for one file; for use in one thread only."""

    def __init__(self, url: str, patience: float) -> None:
        self.url, self.patience = url, patience
        self.session = requests.Session()
        self.session.headers["Accept-Encoding"] = "identity"  # ranges must be of the file itself

    def version(self) -> Version:
        """Find out the version by requesting the first byte.

        Raises:
            Broken: there was no answer this time.
            UserError: the answer would be the same another time.
        """
        with self.get({"Range": "bytes=0-0"}) as answer:
            if "text/html" in answer.headers.get("Content-Type", ""):
                raise UserError(
                    self.url, "is a web page, no archive", "correct fetch.data.archive.url"
                )
            etag = answer.headers.get("ETag", "")
            if answer.status_code == PARTIAL:
                return Version(self.url, content_range(answer)[2], etag, ranges=True)
            length = answer.headers.get("Content-Length", "")
            if not length.isdecimal():
                raise UserError(
                    self.url, "comes from a server that does not tell its size", BY_HAND
                )
            return Version(self.url, int(length), etag, ranges=False)

    def stream(self, version: Version, start: int, end: int) -> Iterator[bytes]:
        """The bytes from `start` to `end`, as they arrive, so that those before a break are not
        lost.

        Raises:
            Broken: the connection or the answer was broken.
            Changed: the server has another file now.
            UserError: the server does not give the file.
        """
        asked = {"Range": f"bytes={start}-{end - 1}"} if version.ranges else {}
        if version.ranges and version.etag.startswith('"'):
            asked["If-Range"] = version.etag  # a changed file is then sent whole, with 200
        with self.get(asked) as answer:
            check_version(answer, version)
            check_part(answer, version, start, end)
            try:
                while start < end and (chunk := answer.raw.read1(CHUNK)):
                    start += len(chunk)
                    yield chunk
            except (HTTPError, OSError) as error:
                raise Broken(reason(error)) from error
        if start < end:
            raise Broken("the connection was closed early")

    def get(self, headers: dict[str, str]) -> requests.Response:
        """An answer that contains data."""
        patience = (self.patience, self.patience)
        try:
            answer = self.session.get(self.url, headers=headers, stream=True, timeout=patience)
        except HOPELESS as error:
            raise UserError(self.url, f"cannot be reached ({reason(error)})", BY_HAND) from error
        except requests.RequestException as error:
            raise Broken(reason(error)) from error
        if answer.status_code in (WHOLE, PARTIAL):
            return answer
        answer.close()
        raise failure(self.url, answer)


def failure(url: str, answer: requests.Response) -> Exception:
    """The error that an answer without data means."""
    said = f"the server says {answer.status_code} {answer.reason}".rstrip()
    if answer.status_code == GONE_RANGE:
        return Changed()
    if answer.status_code in BUSY:
        return Broken(said, retry_after(answer.headers.get("Retry-After", "")))
    return UserError(url, f"cannot be downloaded ({said})", BY_HAND)


def check_version(answer: requests.Response, version: Version) -> None:
    """Check that an answer's file is the version that the download began with.

    Raises:
        Changed: it is another one.
    """
    if answer.status_code == PARTIAL:
        size = content_range(answer)[2]
    else:
        size = int(answer.headers.get("Content-Length", version.size))
    if (answer.headers.get("ETag", ""), size) != (version.etag, version.size):
        raise Changed


def check_part(answer: requests.Response, version: Version, start: int, end: int) -> None:
    """Check that an answer contains the requested part.

    Raises:
        Broken: it contains another part.
    """
    if version.ranges and answer.status_code != PARTIAL:
        raise Broken("the server sent all of the file for a part of it")
    if version.ranges and content_range(answer)[:2] != (start, end - 1):
        raise Broken("the server sent another part than was asked for")


def content_range(answer: requests.Response) -> tuple[int, int, int]:
    """First byte, last byte and total size, from an answer to a range request."""
    field = answer.headers.get("Content-Range", "")
    found = re.fullmatch(r"bytes (\d+)-(\d+)/(\d+)", field)
    if not found:
        raise Broken(f"the server does not say which part it sends ({field!r})")
    first, last, size = (int(number) for number in found.groups())
    return first, last, size


def retry_after(field: str) -> float:
    """Seconds that a Retry-After field asks for, given as a number or a date; 0 if neither."""
    if field.isdecimal():
        return min(float(field), LONGEST_WAIT)
    try:
        wait = parsedate_to_datetime(field).timestamp() - time.time()
    except ValueError:
        return 0.0
    return min(max(wait, 0.0), LONGEST_WAIT)


def reason(error: Exception) -> str:
    """The innermost cause of a failed request, in a few words."""
    cause: BaseException = error
    while cause.__cause__ or cause.__context__:
        cause = cause.__cause__ or cause.__context__ or cause
    return f"{type(cause).__name__}: {cause}".replace("\n", " ")[:200]
