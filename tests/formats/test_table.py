"""The page of formats says what is so."""

from tests.formats.table import PAGE, READ, SAID, page, table


def test_the_page_is_what_is_tried():
    lines = table()
    assert PAGE.read_text() == page(lines), "run `python -m tests.formats.table`"
    cells = {name: row for name, *row in lines}
    for name, (separate, own, score, verify, _) in cells.items():
        assert (separate in (READ, SAID)) == (own in (READ, SAID)), name  # one answer to a question
        assert verify not in (READ, SAID) or score in (READ, SAID), name
