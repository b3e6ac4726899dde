"""The table of runs in 80 columns: all of every name, in lines that are not wrapped."""

import io
import json

import pytest
from rich.console import Console

from hdemucs.runs.directory import Run
from hdemucs.runs.executor import State, Status
from hdemucs.runs.status_table import row, table

FAR = {"epoch": 112, "epochs": 360, "step": 10120, "steps": 12500, "loss": 1.2345e-5}
FAR["eta_seconds"] = 360_000
WAITING = Status(State.WAITING, "PENDING", "QOSMaxSubmitJobPerUserLimit")
CASES = {
    "slurm": (
        Status(State.RUNNING, "RUNNING", job="12345678_1001", node="gpu-0123.cluster.example"),
        WAITING,
        Status(State.FAILED, "OUT_OF_MEMORY", "[the node] ran out", job="12345678_1002", node="n2"),
    ),
    "local": (
        Status(State.RUNNING, "running", job="1234567", node="workstation.local"),
        Status(State.WAITING, "waiting", "for one of 1 slots", job="1234568"),
        Status(State.NEW, "new"),
    ),
}


def looks(tmp_path, statuses, name):
    found = {}
    for number, status in enumerate(statuses):
        run = Run(tmp_path / f"{name}-{number}123456789ab")
        run.folder.mkdir()
        if status.state is not State.NEW:
            (run.folder / "progress.json").write_text(json.dumps(FAR))
        found[run] = status
    return found


def drawn(found, width):
    text = io.StringIO()
    Console(file=text, width=width).print(table(found, width))
    return text.getvalue().splitlines()


def cells(lines, column):
    """All that stands in a column, line after line."""
    names = lines[0].split()
    starts = [lines[0].index(name) for name in names] + [None]
    at = names.index(column)
    return "".join(line[starts[at] : starts[at + 1]].strip() for line in lines[1:])


@pytest.mark.parametrize("name", ["hybrid", "evaluate@spectrogram_only_with_a_long_name"])
@pytest.mark.parametrize("kind", CASES)
def test_nothing_is_cut_off_in_80_columns(kind, name, tmp_path):
    found = looks(tmp_path, CASES[kind], name)
    lines = drawn(found, 80)
    assert max(map(len, lines)) <= 80
    rows = [row(run, status) for run, status in found.items()]
    for column in lines[0].split():
        wanted = "".join(each[column] for each in rows).replace(" ", "")
        assert cells(lines, column).replace(" ", "") == wanted
    for number in ("112/360", "10120/12500", "1.234e-05", "100:00:00"):
        assert any(number in line for line in lines)  # in one piece
    assert "log" not in lines[0].split()


def test_columns_without_a_value_make_room_for_others(tmp_path):
    found = looks(tmp_path, [Status(State.NEW, "new")] * 2, "separate@spectrogram_only")
    lines = drawn(found, 80)
    assert lines[0].split() == ["run", "state"] and len(lines) == 3


def test_a_wide_terminal_has_the_logs_as_well(tmp_path):
    found = looks(tmp_path, CASES["local"], "a")
    lines = drawn(found, 300)
    assert len(lines) == 4 and all(str(run.log) in "".join(lines) for run in found)
