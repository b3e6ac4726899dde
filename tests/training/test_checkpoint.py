"""Checkpoints are whole or not there, and a damaged one is no loss."""

import os
import resource
import signal

import pytest
import torch

from hdemucs.errors import UserError
from hdemucs.training.checkpoint import Checkpoint, Checkpoints
from hdemucs.training.fencing import Owner


def checkpoint(number):
    return Checkpoint({"weights": torch.full((50,), float(number))}, {"number": number, "x": 0.1})


@pytest.fixture
def checkpoints(tmp_path):
    return Checkpoints(tmp_path / "checkpoints", Owner(tmp_path))


def names(checkpoints):
    return sorted(path.name for path in checkpoints.folder.iterdir())


def test_the_newest_and_the_one_before_are_kept(checkpoints):
    for number in range(4):
        checkpoints.save(f"{number:04}", checkpoint(number))
    assert names(checkpoints) == [
        f"{n}.{s}" for n in ("0002", "0003") for s in ("safetensors", "sha256")
    ]
    newest = checkpoints.newest()
    assert newest.facts == {"number": 3, "x": 0.1}
    assert torch.equal(newest.tensors["weights"], torch.full((50,), 3.0))


def test_nothing_is_no_checkpoint(checkpoints):
    assert checkpoints.newest() is None


def truncated(path):
    os.truncate(path, path.stat().st_size // 2)


def flipped(path):
    content = bytearray(path.read_bytes())
    content[-3] ^= 1
    path.write_bytes(content)


def emptied(path):
    path.write_bytes(b"")


@pytest.mark.parametrize("suffix", ["safetensors", "sha256"])
@pytest.mark.parametrize("damage", [truncated, flipped, emptied, os.remove])
def test_a_damaged_newest_falls_back_to_the_one_before_and_says_so(
    checkpoints, capsys, damage, suffix
):
    for number in range(2):
        checkpoints.save(f"{number:04}", checkpoint(number))
    damage(checkpoints.folder / f"0001.{suffix}")
    assert checkpoints.newest().facts["number"] == 0
    told = capsys.readouterr().err
    unfinished = damage is os.remove and suffix == "sha256"  # a kill before the last write
    assert told.count("\n") == (0 if unfinished else 1)
    assert unfinished or "0001.safetensors: is damaged" in told
    assert names(checkpoints) == ["0000.safetensors", "0000.sha256"]


def test_two_damaged_ones_start_anew(checkpoints, capsys):
    for number in range(2):
        checkpoints.save(f"{number:04}", checkpoint(number))
        flipped(checkpoints.folder / f"{number:04}.safetensors")
    assert checkpoints.newest() is None
    assert capsys.readouterr().err.count("is damaged") == 2


def test_a_superseded_process_writes_nothing(tmp_path, monkeypatch):
    (tmp_path / "owner").write_text("job-1\n")
    monkeypatch.setenv("HDEMUCS_OWNER", "job-1")
    checkpoints = Checkpoints(tmp_path / "checkpoints", Owner(tmp_path))
    checkpoints.save("0000", checkpoint(0))
    (tmp_path / "owner").write_text("job-2\n")
    with pytest.raises(UserError, match=r"superseded.*job-2"):
        checkpoints.save("0001", checkpoint(1))
    assert names(checkpoints) == ["0000.safetensors", "0000.sha256"]


def test_a_full_disk_keeps_what_was_there(checkpoints):
    checkpoints.save("0000", checkpoint(0))
    big = Checkpoint({"weights": torch.zeros(200_000)}, {})
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    old = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, before[1]))
    try:
        with pytest.raises(UserError, match=r"0001.*cannot be written.*space left"):
            checkpoints.save("0001", big)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, old)
    assert checkpoints.newest().facts["number"] == 0
