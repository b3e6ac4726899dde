"""The server shows the test and nothing else, and never loses an answer that it acknowledged."""

import http.client
import json
import os
import queue
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import ExitStack, contextmanager

import pytest

from hdemucs.errors import UserError
from hdemucs.listening.answers.form import parse
from hdemucs.listening.answers.store import Kept, keep
from hdemucs.listening.serve.app import LARGEST, Settings
from hdemucs.listening.serve.content import load_content
from hdemucs.listening.serve.server import Address, serve
from tests.listening.answering import encoded, session, submission
from tests.listening.serving import running as running_server


@pytest.fixture(scope="module")
def running(published, tmp_path_factory):
    """A server in this process: its port and the folder of answers."""
    answers = tmp_path_factory.mktemp("answers")
    with running_server(published.folder, answers) as port:
        yield port, answers


def ask(port, method, path, body=None, **headers):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, body, headers)
        with connection.getresponse() as reply:
            found = {name.title(): value for name, value in reply.getheaders()}
            return reply.status, reply.read(), found
    finally:
        connection.close()


def post(port, body, path="/answers", **headers):
    given = {"Content_Type": "application/json", **headers}
    status, content, _ = ask(port, "POST", path, body, **given)
    return status, json.loads(content)


def test_it_shows_the_test(running, published):
    port, _ = running
    for path in ("index.html", "sessions.json", "page/app.css", "mushra/sessions/mushra-01.json"):
        status, content, headers = ask(port, "GET", f"/{path}?session=mushra-01")
        assert (status, content) == (200, (published.folder / path).read_bytes())
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Content-Security-Policy"].startswith("default-src 'self'")
        assert headers["Cache-Control"] == "no-cache"
    assert ask(port, "GET", "/")[1] == (published.folder / "index.html").read_bytes()
    status, content, headers = ask(port, "HEAD", "/index.html")
    assert (status, content) == (200, b"")
    assert int(headers["Content-Length"]) == (published.folder / "index.html").stat().st_size


@pytest.mark.parametrize(
    "path",
    [
        "/../private/key.csv", "/page/../../private/key.csv", "/%2e%2e/private/key.csv",
        "/..%2fprivate%2fkey.csv", "//etc/passwd", "/etc/passwd", "/page/..%5c..%5ckey.csv",
        "/mushra/", "/mushra/audio", "/design.md", "/manifest.json", "/qc/stimuli.csv",
        "/excerpts.csv", "/webmushra/mushra-01.yaml", "/index.html%00.css", "/index.html/",
    ],
)  # fmt: skip
def test_it_shows_nothing_else(running, path):
    assert ask(running[0], "GET", path)[0] == 404


def test_links_out_of_the_folder_are_not_followed(published, tmp_path):
    folder = tmp_path / "listening"
    folder.mkdir()
    for path in published.folder.iterdir():
        (folder / path.name).symlink_to(path)
    (folder / "page").unlink()
    (folder / "page").mkdir()
    (folder / "page" / "key.js").symlink_to(published.key)
    assert not any("key" in path for path in load_content(folder).files)


def test_an_answer_is_kept_and_known_again(running, published):
    port, answers = running
    given = submission(session(published.folder, "mushra-01"))
    assert post(port, encoded(given)) == (
        201,
        {"submission": given["submission"], "result": "stored"},
    )
    assert post(port, encoded(given)) == (
        200,
        {"submission": given["submission"], "result": "already stored"},
    )
    (kept,) = answers.glob(f"*{given['submission']}*")
    assert json.loads(kept.read_text()) == given
    changed = {**given, "comment": "other"}
    assert post(port, encoded(changed)) == (409, {"error": "another submission has this name"})
    assert json.loads(kept.read_text()) == given


def damaged(published, **changes):
    return encoded({**submission(session(published.folder, "mushra-01"), "eve"), **changes})


def test_malformed_answers_are_refused(running, published):
    port, answers = running
    before = set(answers.iterdir())
    good = submission(session(published.folder, "mushra-01"), "eve")
    deep = b"[" * 200_000
    foreign_trial = [{**good["trials"][0], "trial": "nothing"}]
    foreign_stimulus = [
        {**good["trials"][0], "ratings": [{**good["trials"][0]["ratings"][0], "stimulus": "x"}]}
    ]
    trial, *others = good["trials"]
    first, *rest = trial["ratings"]

    def rated(*ratings):
        return [{**trial, "ratings": list(ratings)}, *others]

    loud = rated({**first, "score": 101}, *rest)
    other = {"quality": "contamination", "contamination": "quality"}[first["attribute"]]
    twice = [good["trials"][0], good["trials"][0]]
    for body in (
        b"", b"{", b"null", b"[]", b"\xff\xfe", deep, encoded({}),
        damaged(published, submission="../../key"), damaged(published, listener="../x"),
        damaged(published, session="mushra-99"), damaged(published, set="mos"),
        damaged(published, sets="0" * 16), damaged(published, test="another"),
        damaged(published, extra=1), damaged(published, format=2),
        damaged(published, trials=foreign_trial), damaged(published, trials=foreign_stimulus),
        damaged(published, trials=loud), damaged(published, trials=twice),
        damaged(published, trials=[]), damaged(published, trials=others),
        damaged(published, trials=rated(*rest)),
        damaged(published, trials=rated(first, *rest, first)),
        damaged(published, trials=rated({**first, "score": None}, *rest)),
        damaged(published, trials=rated({**first, "attribute": other}, *rest)),
        damaged(published, comment="x" * 2001), damaged(published, about=None),
        encoded(good).replace(b'"years": 3', b'"years": NaN'),
    ):  # fmt: skip
        status, content = post(port, body)
        assert status == 400, body[:80]
        assert "\n" not in content["error"]
    assert set(answers.iterdir()) == before


def test_an_opinion_of_100_is_refused(running, published):
    given = submission(session(published.folder, "mos-01"), "eve", score=lambda *_: 100)
    status, content = post(running[0], encoded(given))
    assert (status, content["error"]) == (400, "score: 100 is not on the scale from 1 to 5")


def test_a_page_behind_a_proxy_is_told_at_once_whether_its_answers_will_be_taken(
    running, published, tmp_path
):
    """The proxy passes the browser's Origin on, and a Host of its own or the browser's."""
    public = "https://listen.example.org"
    status, content = post(running[0], b"{}", Origin=public, path="/hello")
    assert status == 403
    assert "--origin" in content["error"]
    with running_server(published.folder, tmp_path, origins=(public,)) as port:
        for host in ({}, {"Host": "listen.example.org"}):
            assert post(port, b"{}", Origin=public, path="/hello", **host)[0] == 200
        given = submission(session(published.folder, "mushra-01"), "proxied")
        assert post(port, encoded(given), Origin=public)[0] == 201
        assert ask(port, "GET", "/", Host="listen.example.org")[0] == 200
        assert post(port, b"{}", Origin="https://evil.example", path="/hello")[0] == 403


def test_sounds_are_kept_by_browsers_and_pages_are_not(running, published):
    sets = json.loads((published.folder / "sessions.json").read_text())["sets"]
    sound = next((published.folder / "mos" / "audio").iterdir()).name
    kept = ask(running[0], "GET", f"/mos/audio/{sound}?v={sets}")[2]
    assert kept["Cache-Control"] == "public, max-age=31536000, immutable"
    assert kept["Content-Type"] == "audio/flac"
    for path in (f"/mos/audio/{sound}", f"/mos/audio/{sound}?v=older", "/index.html"):
        assert ask(running[0], "GET", path)[2]["Cache-Control"] == "no-cache"


def test_idle_and_silent_connections_keep_nobody_waiting(running):
    """Twenty browsers with six connections each, all open and idle; somebody else comes."""
    port, _ = running
    with ExitStack() as stack:
        for number in range(120):
            client = stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=60))
            if number % 2:
                client.sendall(b"GET /page/app.css HTTP/1.1\r\nHost: localhost\r\n\r\n")
        started = time.monotonic()
        assert ask(port, "GET", "/sessions.json")[0] == 200
        assert time.monotonic() - started < 5


def test_listeners_come_by_ipv6_too(published, tmp_path):
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("this machine has no IPv6")
    with running_server(published.folder, tmp_path, host="::1") as port:
        connection = http.client.HTTPConnection("::1", port, timeout=60)
        connection.request("GET", "/")
        assert connection.getresponse().status == 200
        connection.close()


def test_oversized_and_foreign_requests_are_refused(running, published):
    port, _ = running
    good = damaged(published)
    assert post(port, b" " * (LARGEST + 1))[0] == 413
    assert post(port, good, Content_Type="text/plain")[0] == 415
    assert post(port, good, Content_Type="application/x-www-form-urlencoded")[0] == 415
    assert post(port, good, Origin="http://evil.example")[0] == 403
    assert post(port, good, Host="evil.example")[0] == 403
    assert ask(port, "POST", "/index.html", good, Content_Type="application/json")[0] == 405
    assert ask(port, "GET", "/", Host=f"evil.example:{port}")[0] == 403
    for method in ("PUT", "DELETE", "OPTIONS", "PATCH"):
        assert ask(port, method, "/answers")[0] == 405
    assert post(port, good, Origin=f"http://127.0.0.1:{port}")[0] == 201


def test_who_sends_what_is_not_read_still_hears_why(running):
    with socket.create_connection(("127.0.0.1", running[0]), timeout=60) as client:
        size = f"Content-Length: {LARGEST + 1}".encode()
        head = b"POST /answers HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        client.sendall(head + size + b"\r\n\r\n")
        assert client.recv(1, socket.MSG_PEEK) == b"H"  # refused, and the body is still to come
        for _ in range(LARGEST >> 16):
            client.sendall(b" " * (1 << 16))
        client.sendall(b" ")
        assert client.recv(12) == b"HTTP/1.1 413"


def test_a_body_without_a_length_is_refused(running):
    port, _ = running
    with socket.create_connection(("127.0.0.1", port), timeout=60) as client:
        client.sendall(
            b"POST /answers HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
        )
        assert client.recv(12) == b"HTTP/1.1 411"


def test_a_full_disk_is_said_and_nothing_is_acknowledged(running, published, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "link", full)
    given = submission(session(published.folder, "mushra-01"), "full")
    status, content = post(running[0], encoded(given))
    assert status == 507
    assert "nothing was lost" in content["error"]
    monkeypatch.undo()
    assert post(running[0], encoded(given))[0] == 201
    assert not list(running[1].glob(".*.tmp")), "no half file is left"


def test_two_that_keep_at_once_keep_one(published, tmp_path):
    given = parse(encoded(submission(session(published.folder, "mushra-01"))))
    results = queue.Queue()
    threads = [
        threading.Thread(target=lambda: results.put(keep(tmp_path, given))) for _ in range(16)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = [results.get() for _ in threads]
    assert found.count(Kept.NEW) == 1
    assert found.count(Kept.KNOWN) == 15


def test_there_must_be_a_test_and_a_free_port(published, running, tmp_path):
    with pytest.raises(UserError, match="holds no listening test"):
        serve(tmp_path, tmp_path / "answers", Address("127.0.0.1", 0), Settings())
    with pytest.raises(UserError, match="cannot be listened on"):
        serve(published.folder, tmp_path, Address("127.0.0.1", running[0]), Settings())


class Killed:
    """A server in a process of its own, that may be killed and comes back on its port."""

    def __init__(self, folder, answers):
        self.folder, self.answers, self.port = folder, answers, 0
        self.start()

    def start(self):
        code = (
            "from pathlib import Path; from hdemucs.listening.serve.app import Settings; "
            "from hdemucs.listening.serve.server import Address, serve; "
            f"serve(Path({str(self.folder)!r}), Path({str(self.answers)!r}), "
            f"Address('127.0.0.1', {self.port}), Settings(), lambda url: print(url, flush=True))"
        )
        self.process = subprocess.Popen(
            [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True
        )
        self.port = int(re.search(r"127\.0\.0\.1:(\d+)", self.process.stdout.readline())[1])

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


@contextmanager
def killed_server(folder, answers):
    server = Killed(folder, answers)
    try:
        yield server
    finally:
        server.kill()


def send_until_acknowledged(server, waiting, acknowledged):
    """A patient client: takes submissions until there are none left."""
    while True:
        try:
            given = encoded(waiting.get_nowait())
        except queue.Empty:
            return
        while True:
            try:
                status, reply = post(server.port, given)
            except (OSError, http.client.HTTPException):
                time.sleep(0.05)
                continue
            assert status in {200, 201}
            acknowledged.put(reply["submission"])
            break


def test_a_thousand_concurrent_answers_survive_kills(published, tmp_path):
    """32 clients send 1,000 submissions until each is acknowledged; SIGKILL comes four times."""
    content = session(published.folder, "mos-01")
    waiting, acknowledged = queue.SimpleQueue(), queue.SimpleQueue()
    for number in range(1000):
        waiting.put(submission(content, f"listener-{number}"))
    with killed_server(published.folder, tmp_path) as server, ThreadPoolExecutor(32) as clients:
        work = [
            clients.submit(send_until_acknowledged, server, waiting, acknowledged)
            for _ in range(32)
        ]
        for share in (150, 350, 550, 750):
            while acknowledged.qsize() < share:
                time.sleep(0.005)
            server.kill()
            server.start()
        wait(work)
    assert [client.exception() for client in work] == [None] * 32
    names = [acknowledged.get() for _ in range(acknowledged.qsize())]
    assert len(names) == len(set(names)) == 1000
    kept = [json.loads(path.read_text()) for path in tmp_path.glob("mos-*.json")]
    assert sorted(answers["submission"] for answers in kept) == sorted(names)
    by_listener = {answers["listener"]: answers for answers in kept}
    assert by_listener["listener-7"] == submission(content, "listener-7")


def test_it_ends_in_peace(published, tmp_path):
    with killed_server(published.folder, tmp_path) as server:
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(60) == 0
