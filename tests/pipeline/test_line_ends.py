"""A checkout has the same bytes everywhere, whatever git is told to do with line ends."""

import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
BYTES = {
    "text.py": b"one\ntwo\n",
    "dvc.lock": b"outs:\n- md5: 0\n",
    "table.csv": b"a,b\n1,2\n",
    "reports/a.svg": b"<svg>\n</svg>\n",
    "picture.png": b"\x89PNG\r\n\x1a\n\0",
    "model.safetensors": b"\r\n\n\0",
}


def git(folder, *words):
    identity = ["-c", "user.name=a", "-c", "user.email=a@b.c"]
    subprocess.run(["git", *identity, *words], cwd=folder, check=True, capture_output=True)


def test_windows_line_ends_are_never_checked_out(tmp_path):
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir()
    git(here, "init", "-q")
    shutil.copy(ROOT / ".gitattributes", here)
    for name, content in BYTES.items():
        (here / name).parent.mkdir(exist_ok=True)
        (here / name).write_bytes(content)
    git(here, "add", "-A")
    git(here, "commit", "-qm", "all")
    git(tmp_path, "-c", "core.autocrlf=true", "clone", "-q", str(here), str(there))
    assert {name: (there / name).read_bytes() for name in BYTES} == BYTES


def test_no_committed_text_has_windows_line_ends():
    listed = subprocess.run(["git", "ls-files", "--eol"], cwd=ROOT, capture_output=True, text=True)
    assert listed.returncode == 0
    assert [
        line for line in listed.stdout.splitlines() if line.startswith(("i/crlf", "i/mixed"))
    ] == []
