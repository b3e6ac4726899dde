"""The README says what is there."""

from tests.readme import first_line, modules, parts, tree


def test_every_module_says_what_it_is():
    assert [path.name for path in modules() if not first_line(path)] == []


def test_the_tree_is_that_of_the_files():
    assert parts()[1] == tree(), "write it anew: python -m tests.readme"
