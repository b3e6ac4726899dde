"""The map and the README say what is there."""

from tests.readme import MAP, README, block, claims, code_map, first_line, modules, systems


def test_every_module_says_what_it_is():
    assert [path.name for path in modules() if not first_line(path)] == []


def test_the_map_is_that_of_the_files():
    assert MAP.read_text() == code_map(), "write it anew: python -m tests.readme"


def test_readmes_claims_are_those_of_the_committed_study():
    assert block("claims") == claims(), "write it anew: python -m tests.readme"


def test_readmes_systems_are_those_of_params_yaml():
    assert block("systems") == systems(), "write it anew: python -m tests.readme"


def test_the_readme_can_be_read():
    assert len(README.read_text().splitlines()) <= 200
