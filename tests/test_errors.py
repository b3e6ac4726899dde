"""What a user is told when something is wrong."""

import pickle
from pathlib import Path

import pytest

from hdemucs.errors import UserError, one_line


def test_a_refusal_names_the_subject_the_problem_and_the_cure():
    assert (
        str(UserError(Path("a/b.wav"), "is mono", "convert it")) == "a/b.wav: is mono; convert it"
    )


def test_a_refusal_comes_whole_from_another_process():
    there = UserError(Path("a.wav"), "is missing", "put it there")
    back = pickle.loads(pickle.dumps(there))
    assert (type(back), str(back)) == (UserError, str(there))


def test_a_program_ends_on_it_with_one_line():
    with pytest.raises(SystemExit) as end, one_line():
        raise UserError("x", "is wrong", "mend it")
    assert end.value.code == "error: x: is wrong; mend it"
