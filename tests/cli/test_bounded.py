"""A number on the command line that is none, or beyond its bounds, is one line and status 2."""

import pytest

from hdemucs.bounded import real, whole
from hdemucs.cli import main

WRONG = [
    "listen plan --half-width", "listen plan --difference", "listen serve --port",
    "preflight hybrid --time-limit", "preflight hybrid --longest", "study systems --trial",
    "bench metrics --seconds", "bench intervals --studies", "bench intervals --seed",
    "bench loaders --rounds", "bench loaders --gpu", "bench corpus --seeds",
    "bench corpus --songs",
]  # fmt: skip


@pytest.mark.parametrize("value", ["many", "nan", "-1", "1e400", "9" * 5000])
@pytest.mark.parametrize("words", WRONG)
def test_a_wrong_number_is_one_line(words, value, capsys):
    with pytest.raises(SystemExit) as end:
        main([*words.split(), value])
    said = capsys.readouterr().err
    option = words.split()[-1]
    assert end.value.code == 2 and len(said.splitlines()) == 1 and len(said) < 200
    assert option in said and "number from" in said


def test_bounds_are_taken():
    assert [real(0.5, 2)(text) for text in ("0.5", "2")] == [0.5, 2.0]
    assert [whole(0, 65_535)(text) for text in ("0", "65535")] == [0, 65_535]
