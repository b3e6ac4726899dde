"""The map says what is there."""

from tests.readme import MAP, code_map, first_line, modules


def test_every_module_says_what_it_is():
    assert [path.name for path in modules() if not first_line(path)] == []


def test_the_map_is_that_of_the_files():
    assert MAP.read_text() == code_map(), "write it anew: python -m tests.readme"
