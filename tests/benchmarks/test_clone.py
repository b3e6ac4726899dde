"""The clone's page: times by stage, and what differs from what is committed."""

import subprocess

import pytest

from hdemucs.benchmarks.clone import Repro, repro, written
from hdemucs.cli import main
from hdemucs.errors import UserError

PIPELINE = """stages:
  fetch:
    cmd: echo songs > songs.txt
    outs:
      - songs.txt: {cache: false}
  train:
    foreach: [a, b]
    do:
      cmd: sleep 2 && echo ${item} > ${item}.txt
      deps: [songs.txt]
      outs: ["${item}.txt"]
  report:
    cmd: cat a.txt b.txt > report.txt
    deps: [a.txt, b.txt]
    outs:
      - report.txt: {cache: false}
"""


@pytest.fixture
def checkout(tmp_path):
    root = tmp_path / "checkout"
    root.mkdir()

    def git(*words):
        who = ["-c", "user.name=test", "-c", "user.email=test@localhost"]
        subprocess.run(["git", *who, *words], cwd=root, check=True, capture_output=True)

    git("init", "-q")
    subprocess.run(["dvc", "init", "-q"], cwd=root, check=True)
    (root / "dvc.yaml").write_text(PIPELINE)
    subprocess.run(["dvc", "repro", "-q"], cwd=root, check=True)
    git("add", "-A")  # without what DVC keeps in its cache
    git("commit", "-qm", "results")
    return root


def test_a_clone_that_makes_the_same_is_clean(checkout, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    main(["bench", "clone", "--checkout", str(checkout)])
    page = (tmp_path / "reports/benchmarks/clone.md").read_text()
    assert "git status` is clean" in page
    times = {
        line.split("|")[1].strip(): line.split("|")[2].strip()
        for line in page.splitlines()
        if line.startswith("| ")
    }
    assert times.keys() == {"stage", "---", "train"}  # what is in git is not made again
    assert int(times["train"]) >= 4  # both variants


def test_what_differs_is_named():
    found = Repro([("fetch", 0.0), ("train@a", 1.0), ("train@b", 3.0), ("report", 9.0)])
    found.seconds, found.busy = 10.0, [(0.5, 0.2), (2.0, 2.0), (8.0, 1.0), (9.5, 0.1)]
    assert found.stages() == {"fetch": 1.0, "train": 8.0, "report": 1.0}
    assert found.training() == (1.0, 9.0)
    assert found.cores() == 1.5
    assert "differ from what is committed: `dvc.lock`" in written(found, "abc", [" M dvc.lock"])


def test_a_pipeline_that_fails_is_a_line(checkout):
    (checkout / "dvc.yaml").write_text("stages: {fetch: {cmd: 'false'}}")
    with pytest.raises(UserError, match="dvc repro: failed in a clone"):
        repro(checkout)
