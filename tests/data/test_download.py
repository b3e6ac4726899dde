"""Downloads from a local server like Zenodo's, through everything that goes wrong."""

import dataclasses
import hashlib
import json
import math
import random
import shutil
import signal
import socket
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

from hdemucs.config.data import ArchiveConfig
from hdemucs.datasets import download, partial
from hdemucs.datasets.archive import fetch_archive
from hdemucs.datasets.place import lock
from hdemucs.errors import UserError
from tests.data import zenodo
from tests.data.conftest import write_set
from tests.data.zenodo import Zenodo, breaks_after, says
from tests.toy import PATIENCE, until

PIECE = 1 << 16


@pytest.fixture(scope="module")
def content(tmp_path_factory):
    """A ZIP archive of a data set of 25 files, 0.8 MB."""
    root = write_set(tmp_path_factory.mktemp("zip") / "set")
    path = shutil.make_archive(str(root), "zip", root)
    return Path(path).read_bytes()


@pytest.fixture
def server(content):
    server = Zenodo(content)
    yield server
    server.close()


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Small pieces and short waits."""
    monkeypatch.setattr(partial, "PIECE", PIECE)
    monkeypatch.setattr(download, "FIRST_WAIT", 0.01)


def config(server, content, **changes) -> ArchiveConfig:
    known = ArchiveConfig(
        url=server.url,
        size=len(content),
        md5=hashlib.md5(content).hexdigest(),
        sha256=hashlib.sha256(content).hexdigest(),
        unpacked=2_000_000,
        connections=3,
        patience=0.5,
        attempts=4,
    )
    return dataclasses.replace(known, **changes)


def tree(root) -> dict[str, str]:
    files = (path for path in root.rglob("*") if path.is_file())
    return {str(p.relative_to(root)): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}


def members(content, tmp_path) -> dict[str, str]:
    (tmp_path / "known.zip").write_bytes(content)
    with zipfile.ZipFile(tmp_path / "known.zip") as archive:
        names = [name for name in archive.namelist() if not name.endswith("/")]
        return {name: hashlib.sha256(archive.read(name)).hexdigest() for name in names}


def fetched(server, content, tmp_path, **changes) -> None:
    """Fetch, and hold every byte to the archive's; nothing else may be left."""
    fetch_archive(config(server, content, **changes), tmp_path / "data" / "musdb18hq")
    assert tree(tmp_path / "data" / "musdb18hq") == members(content, tmp_path)
    left = sorted(path.name for path in (tmp_path / "data").iterdir())
    assert left == [".musdb18hq.lock", "musdb18hq"]


def refused(server, content, tmp_path, line, **changes) -> None:
    with pytest.raises(UserError, match=line) as caught:
        fetch_archive(config(server, content, **changes), tmp_path / "data" / "musdb18hq")
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "data" / "musdb18hq").exists()


@pytest.mark.parametrize("connections", [1, 4])
def test_every_piece_is_asked_for_once(server, content, tmp_path, connections):
    fetched(server, content, tmp_path, connections=connections)
    pieces = -(-len(content) // PIECE)
    assert len(server.asked) == 1 + pieces == len(set(server.asked))
    assert server.sent == len(content) + 1


def test_connections_work_side_by_side(server, content, tmp_path):
    server.every = zenodo.together(4)
    fetched(server, content, tmp_path, connections=4)
    assert not server.alone


# Faults that are overcome


OVERCOME = {
    "a redirect more": [says(302, Location="/files/set.zip?again")],
    "429, with seconds to wait": [says(429, Retry_After="0")],
    "503, with a date to wait for": [zenodo.busy_until(0.2)],
    "500, 502 and 504 in a row": [says(500), says(502), says(504)],
    "a connection closed without an answer": [zenodo.hangs_up],
    "closed after the header": [None, breaks_after(0)],
    "closed in the middle": [None, breaks_after(1000), breaks_after(50_000)],
    "a stall in the middle": [None, zenodo.stalls_after(20_000, 2.0)],
    "another part than asked for": [None, zenodo.another_part],
    "the whole for a part": [None, zenodo.whole_for_a_part],
}


@pytest.mark.parametrize("fault", OVERCOME)
def test_a_fault_that_passes_is_overcome(server, content, tmp_path, fault):
    server.faults = [f or (lambda _: False) for f in OVERCOME[fault]]
    fetched(server, content, tmp_path)


def test_any_number_of_breaks_that_each_bring_something(server, content, tmp_path):
    server.every = breaks_after(5_000)
    fetched(server, content, tmp_path)
    assert len(server.asked) > len(content) / 5_000
    assert server.sent == len(content) + 1  # not a byte twice


def test_a_server_that_asks_to_wait_is_left_alone_meanwhile(server, content, tmp_path):
    server.faults = [says(429, Retry_After="1")]
    started = time.monotonic()
    fetched(server, content, tmp_path)
    assert time.monotonic() - started > 1.0


def test_a_server_without_ranges_is_read_from_the_start(server, content, tmp_path):
    server.ranges = False
    server.faults = [lambda _: False, breaks_after(100_000), breaks_after(300_000)]
    fetched(server, content, tmp_path)
    assert server.asked[1:] == ["", "", ""]


def test_a_server_without_etags_is_believed_by_the_checksum(server, content, tmp_path):
    server.etag = ""
    server.faults = [lambda _: False, breaks_after(1000)]
    fetched(server, content, tmp_path)


def test_a_file_that_changes_on_the_server_is_begun_anew(server, content, tmp_path):
    server.content, server.etag = content[::-1], '"v0"'
    server.content = b"PK\x03\x04" + server.content[4:]
    nothing = [lambda _: False] * 5
    server.faults = [*nothing, zenodo.becomes(content, '"v1"')]
    fetched(server, content, tmp_path, connections=1)


# Faults that are refused


def spoilt(content: bytes) -> bytes:
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]


def test_one_wrong_bit_is_refused_and_nothing_of_it_kept(server, content, tmp_path):
    server.content = spoilt(content)
    refused(server, content, tmp_path, r"has the MD5 [0-9a-f]{32} where .* is expected; try")
    assert [path.name for path in (tmp_path / "data").iterdir()] == [".musdb18hq.lock"]
    server.content = content
    fetched(server, content, tmp_path)


def test_both_checksums_count(server, content, tmp_path):
    refused(server, content, tmp_path, "has the SHA256", sha256="0" * 64)


@pytest.mark.parametrize("size", [0, 1, 100_000])
def test_a_file_cut_short_on_the_server_is_refused(server, content, tmp_path, size):
    server.content = content[:size]
    refused(server, content, tmp_path, "is an empty file" if not size else "has the MD5")


REFUSED = {
    "not found": (
        says(404),
        r"cannot be downloaded \(the server says 404 Not Found\); download it by",
    ),
    "forbidden": (says(403), "the server says 403 Forbidden"),
    "redirected in circles": (says(302, Location="/files/set.zip"), "Exceeded 30 redirects"),
    "busy for good": (says(503), r"sent no data in 4 tries \(the server says 503"),
    "hanging up for good": (zenodo.hangs_up, r"sent no data in 4 tries \(.*; run the same command"),
    "changing for good": (zenodo.new_version_each_time, "changes while it is downloaded"),
    "without a size": (says(200, Content_Length=""), "does not tell its size"),
    "without a part": (says(206), "sent no data in 4 tries .*does not say which part it sends"),
}


@pytest.mark.parametrize("fault", REFUSED)
def test_a_fault_for_good_is_refused(server, content, tmp_path, fault):
    server.every, line = REFUSED[fault]
    refused(server, content, tmp_path, line)


def test_a_web_page_is_no_archive(server, content, tmp_path):
    server.content, server.kind = b"<html>log in</html>", "text/html; charset=utf-8"
    refused(server, content, tmp_path, "is a web page, no archive")


def test_another_file_is_no_archive(server, content, tmp_path):
    server.content = bytes(len(content))
    refused(server, content, tmp_path, "is no ZIP archive; correct fetch.data.archive.url")


def test_no_server_at_all(server, content, tmp_path):
    server.close()
    refused(server, content, tmp_path, "sent no data in 4 tries .*Connection refused")


def test_a_disk_that_is_too_small_is_refused_before_anything_is_fetched(server, content, tmp_path):
    refused(server, content, tmp_path, "GB free where the data set needs", unpacked=10**18)
    assert server.asked == ["bytes=0-0"]


def test_a_second_process_is_refused(server, content, tmp_path):
    with lock(tmp_path / "data" / ".musdb18hq.lock", "downloading the data set"):
        refused(server, content, tmp_path, r"is held by process \d+, which is downloading")


# What an earlier try left


def half(server, content, tmp_path) -> int:
    """Fetch until the server breaks for good in the middle; returns the bytes that are recorded."""
    server.faults = [lambda _: False] * 7
    server.every = says(404)
    refused(server, content, tmp_path, "says 404", connections=1)
    server.every = None
    record = json.loads((tmp_path / "data" / ".musdb18hq.zip.json").read_text())
    assert 0 < len(record["done"]) < len(content) // PIECE
    server.sent = 0
    return len(record["done"]) * PIECE


def test_what_came_before_a_break_is_not_fetched_again(server, content, tmp_path):
    kept = half(server, content, tmp_path)
    fetched(server, content, tmp_path)
    assert server.sent == len(content) - kept + 1


STALE = {
    "of another version": lambda server, part, record: setattr(server, "etag", '"v2"'),
    "with a damaged record": lambda server, part, record: record.write_text('{"done": [1'),
    "with a record of nonsense": lambda server, part, record: record.write_text("[]"),
    "without a record": lambda server, part, record: record.unlink(),
    "cut short": lambda server, part, record: part.write_bytes(part.read_bytes()[:PIECE]),
    "missing beside its record": lambda server, part, record: part.unlink(),
}


@pytest.mark.parametrize("state", STALE)
def test_a_stale_part_is_begun_anew(server, content, tmp_path, state):
    half(server, content, tmp_path)
    part = tmp_path / "data" / ".musdb18hq.zip"
    STALE[state](server, part, part.with_name(part.name + ".json"))
    fetched(server, content, tmp_path)
    assert server.sent == len(content) + 1


def test_a_part_that_rotted_on_the_disk_is_not_believed(server, content, tmp_path):
    half(server, content, tmp_path)
    part = tmp_path / "data" / ".musdb18hq.zip"
    part.write_bytes(spoilt(part.read_bytes()[:PIECE]) + part.read_bytes()[PIECE:])
    refused(server, content, tmp_path, "has the MD5")
    fetched(server, content, tmp_path)


def test_an_archive_that_was_unpacked_but_not_removed_goes(server, content, tmp_path):
    fetched(server, content, tmp_path)
    (tmp_path / "data" / ".musdb18hq.zip").write_bytes(content)
    server.sent = 0
    fetched(server, content, tmp_path)
    assert server.sent == 0


# Processes that end


CHILD = """
import json, resource, sys
from pathlib import Path
from hdemucs.config.data import ArchiveConfig
from hdemucs.datasets import partial
from hdemucs.datasets.archive import fetch_archive
from hdemucs.errors import one_line
partial.PIECE = {piece}
if {limit}: resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))
with one_line():
    fetch_archive(ArchiveConfig(**json.loads(sys.argv[1])), Path(sys.argv[2]))
"""


def child(server, content, tmp_path, limit=0, patience=5.0) -> subprocess.Popen:
    settings = json.dumps(dataclasses.asdict(config(server, content, patience=patience)))
    code = CHILD.format(piece=PIECE, limit=limit)
    command = [sys.executable, "-c", code, settings, str(tmp_path / "data" / "musdb18hq")]
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True)


def recorded(content, tmp_path) -> int:
    """Bytes of the pieces that need not be fetched again."""
    path = tmp_path / "data" / ".musdb18hq.zip.json"
    done = json.loads(path.read_text())["done"] if path.exists() else []
    return sum(min(PIECE, len(content) - piece * PIECE) for piece in done)


def test_kills_at_random_moments_cost_a_piece_a_connection(server, content, tmp_path):
    """The server stops at a random byte, and the kill comes once the client has what was sent.

    So the machine's load changes nothing: what is on its way to a client is not the client's loss.
    """
    dice, kills, lost = random.Random(1), 0, 3 * PIECE + 1  # and each client's first byte
    while (before := recorded(content, tmp_path)) < len(content) - 5 * PIECE and kills < 10:
        server.sent, server.most = 0, dice.randrange(3 * PIECE, 5 * PIECE)
        process = child(server, content, tmp_path, patience=PATIENCE)
        until(lambda: server.sent >= server.most)
        until(lambda: recorded(content, tmp_path) >= before + server.sent - lost)
        process.kill()
        assert process.wait() == -signal.SIGKILL
        process.stderr.close()
        server.clients, kills = server.clients + 1, kills + 1
    kept, server.sent, server.most = recorded(content, tmp_path), 0, math.inf
    assert kills >= 2 and kept >= 2 * PIECE
    fetched(server, content, tmp_path)
    assert server.sent == len(content) - kept + 1


def test_kills_while_unpacking_leave_nothing_half(content, tmp_path):
    server = Zenodo(content)
    dice = random.Random(2)
    for _ in range(3):
        process = child(server, content, tmp_path)
        part = tmp_path / "data" / ".musdb18hq.part"
        wanted = dice.randrange(1, 20)
        deadline = time.monotonic() + 20
        while process.poll() is None and time.monotonic() < deadline:
            if len(list(part.rglob("*.wav"))) >= wanted:
                break
        process.kill()
        process.wait()
        process.stderr.close()
        done = tmp_path / "data" / "musdb18hq"
        assert not done.exists() or tree(done) == members(content, tmp_path)
    fetched(server, content, tmp_path)
    server.close()


def test_without_network_it_says_what_is_tried_and_when_again(
    server, content, tmp_path, monkeypatch, capsys
):
    """A port that is taken and that nobody listens at."""
    monkeypatch.setattr(download, "FIRST_WAIT", 0.1)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/set.zip"
        with pytest.raises(UserError, match="sent no data in 3 tries"):
            fetched(server, content, tmp_path, url=url, attempts=3)
    asking, *failed = capsys.readouterr().err.splitlines()
    assert asking == f"asking {url}"
    assert [line.rpartition("; ")[2] for line in failed] == [
        "try 2 of 3 in 0.1 s",
        "try 3 of 3 in 0.2 s",
    ]
    assert all(line.startswith(f"{url}: ") and "refused" in line for line in failed)


def test_connections_that_break_together_are_one_line(
    server, content, tmp_path, monkeypatch, capsys
):
    monkeypatch.setattr(download, "SPOKEN_EVERY", 1000.0)
    server.every = breaks_after(PIECE // 2)
    fetched(server, content, tmp_path)
    lines = [line for line in capsys.readouterr().err.splitlines() if "; try 2 of 4 in" in line]
    assert len(lines) == 1 and lines[0].startswith(server.url)


@pytest.mark.parametrize("limit", [200_000, 850_000])
def test_a_full_disk_is_one_line_and_loses_nothing(server, content, tmp_path, limit):
    """A limit on the size of files stands in for the disk's."""
    process = child(server, content, tmp_path, limit)
    _, said = process.communicate(timeout=60)
    lines = [line for line in said.splitlines() if line.startswith("error: ")]
    if limit < len(content):
        assert process.returncode == 1 and len(lines) == 1
        assert "the disk is full; free some space and run the same command again" in lines[0]
        assert "Traceback" not in said
    fetched(server, content, tmp_path)
