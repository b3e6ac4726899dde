"""What patterns of names mean."""

import unicodedata

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from hdemucs.errors import UserError, shown
from hdemucs.names import apart, chosen, normal, unmatched

NAMES = st.lists(st.text(min_size=1, max_size=6), min_size=1, max_size=6, unique_by=normal)


@given(names=NAMES, data=st.data())
def test_any_name_chooses_itself_alone(names, data):
    """Whatever is in it: brackets, stars, accents in either form."""
    name = data.draw(st.sampled_from(names))
    for form in ("NFC", "NFD"):
        assert chosen(unicodedata.normalize(form, name), names) == [name]


@given(names=NAMES)
def test_a_star_chooses_all(names):
    assume("*" not in names)
    assert chosen("*", names) == names


@given(pattern=st.text(max_size=6), names=NAMES)
def test_a_pattern_chooses_among_the_names(pattern, names):
    found = chosen(pattern, names)
    assert found == [name for name in names if name in found]


def test_globs():
    names = ["Last Song", "First Song", "Last [Live]"]
    assert chosen("Last *", names) == ["Last Song", "Last [Live]"]
    assert chosen("?irst*", names) == ["First Song"]
    assert chosen("Last [Live]", names) == ["Last [Live]"]
    assert chosen("last *", names) == []


def test_a_misspelt_name_is_told_the_nearest():
    error = unmatched("splits.test", "Lost Song", ["Last Song", "B"], "folder")
    assert str(error) == "splits.test: 'Lost Song' matches no folder; did you mean 'Last Song'?"


def test_names_that_differ_in_form_only_are_refused():
    with pytest.raises(UserError, match="has the name of another folder"):
        apart(["Caf\u00e9", "Cafe\u0301"], "folder")


@given(text=st.text())
def test_anything_can_be_shown_in_one_line(text):
    line = shown(text)
    assert len(line.splitlines()) <= 1
    assert line.encode().decode() == line


@given(parts=st.tuples(st.text(), st.text(), st.text()))
def test_an_error_keeps_its_parts(parts):
    error = UserError(*parts)
    assert error.parts == parts
    assert len(str(error).splitlines()) <= 1
