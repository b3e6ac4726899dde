"""What is kept of a run's submissions, and the lock under which they are made."""

import errno
import fcntl

import pytest

from hdemucs.errors import UserError
from hdemucs.runs.directory import NOTED, Attempt, Run, locked


def attempt(batch):
    return Attempt("local", batch, 0, 1, 12.5)


def test_the_last_submission_counts_and_all_are_kept(tmp_path):
    run = Run(tmp_path)
    assert run.attempt is None
    for batch in ("first", "second"):
        run.record(attempt(batch))
        assert run.attempt == attempt(batch)
    assert (tmp_path / NOTED).read_text().count("\n") == 2


@pytest.mark.parametrize("line", ['{"executor": "loc', "{}", "[1]", "7"])
def test_a_damaged_note_is_not_taken_for_none(tmp_path, line):
    """Its job may be under way, and another must not be started."""
    run = Run(tmp_path)
    run.record(attempt("first"))
    with (tmp_path / NOTED).open("a") as file:
        file.write(line)
    with pytest.raises(
        UserError, match=r"attempts\.jsonl: has a damaged line 2; end the run's job"
    ):
        assert run.attempt


def test_a_file_system_without_locks_is_refused(tmp_path, monkeypatch):
    def flock(*_):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", flock)
    with (
        pytest.raises(
            UserError, match=r"cannot be locked \(No locks available\); have HDEMUCS_RUNS"
        ),
        locked(tmp_path / ".lock"),
    ):
        pytest.fail("two clients could be here")


def test_a_result_is_there_when_its_last_file_is(tmp_path):
    assert not Run(tmp_path / "nosuch").done
    assert not Run(tmp_path).done
    (tmp_path / "DONE.json").touch()
    assert Run(tmp_path).done
