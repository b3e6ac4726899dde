"""What is pushed by one is pulled by another, and nothing runs: S3, and a read-only web server."""

import http.server
import os
import subprocess
import sys
import threading
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import boto3
import pytest
from moto.server import ThreadedMotoServer

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
IDENTITY = ("-c", "user.name=test", "-c", "user.email=test@localhost")
STAGE = """
stages:
  train:
    cmd: mkdir -p models/hybrid && echo weights > models/hybrid/w && echo '{"sdr":1}' > score.json
    outs: [models/hybrid]
    metrics: [{score.json: {cache: false}}]
"""
KEYS = {
    "AWS_ACCESS_KEY_ID": "nobody",
    "AWS_SECRET_ACCESS_KEY": "nothing",
    "AWS_DEFAULT_REGION": "us-east-1",
}


class Checkout:
    """A repository with the project's DVC settings and one stage."""

    def __init__(self, root):
        self.root = root

    def run(self, *command):
        env = {**os.environ, **KEYS, "PATH": f"{BIN}:{os.environ['PATH']}"}
        done = subprocess.run(command, cwd=self.root, env=env, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def git(self, *words):
        return self.run("git", *IDENTITY, *words)

    def clone(self, place):
        self.git("clone", "-q", str(self.root), str(place))
        return Checkout(place)


@pytest.fixture
def author(tmp_path):
    one = Checkout(tmp_path / "author")
    one.root.mkdir()
    one.git("init", "-q")
    one.run("dvc", "init", "-q")
    (one.root / ".dvc" / "config").write_text((ROOT / ".dvc" / "config").read_text())
    (one.root / "dvc.yaml").write_text(STAGE)
    one.run("dvc", "repro", "-q")
    return one


def published(author, *settings):
    for words in settings:
        author.run("dvc", "remote", *words)
    author.run("dvc", "push", "-q")
    author.git("add", "-A")
    author.git("commit", "-qm", "results, and where they are")


def hold(reader):
    """The reader has the results, and nothing is made anew."""
    reader.run("dvc", "pull", "-q")
    assert (reader.root / "models" / "hybrid" / "w").read_text() == "weights\n"
    assert "Running stage" not in reader.run("dvc", "repro")
    assert reader.git("status", "--porcelain") == ""


def test_s3(author, tmp_path):
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        address = f"http://{host}:{port}"
        boto3.client(
            "s3", endpoint_url=address, region_name="us-east-1",
            aws_access_key_id="nobody", aws_secret_access_key="nothing",
        ).create_bucket(Bucket="shelf")  # fmt: skip
        published(
            author,
            ("add", "-d", "shelf", "s3://shelf/hdemucs"),
            ("modify", "shelf", "endpointurl", address),
        )
        hold(author.clone(tmp_path / "reader"))
    finally:
        server.stop()


@contextmanager
def web_server(folder):
    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=folder)) as one:
        threading.Thread(target=one.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{one.server_address[1]}"
        one.shutdown()


def test_a_read_only_web_server(author, tmp_path):
    published(author, ("add", "-d", "shelf", str(tmp_path / "shelf")))
    reader = author.clone(tmp_path / "reader")
    with web_server(tmp_path / "shelf") as address:
        reader.run("dvc", "remote", "add", "--local", "-d", "web", address)
        hold(reader)
