"""A session in one file holds everything that it plays and nothing that tells."""

import base64
import json
import re

import pytest

from hdemucs.errors import UserError
from hdemucs.listening.serve.standalone import standalone
from hdemucs.listening.serve.texts import texts
from tests.listening.answering import session
from tests.listening.family import SYSTEMS


@pytest.mark.parametrize("name", ["mushra-01", "mos-01"])
def test_one_file_holds_the_session(published, tmp_path, name):
    standalone(published.folder, name, tmp_path / "session.html", texts("en"))
    page = (tmp_path / "session.html").read_text()
    assert not re.search(r'(src|href)="(?!data:)', page), "nothing comes from elsewhere"
    embedded = json.loads(re.search(r"Listen\.embedded = (.*);", page)[1])
    content = json.loads(re.search(r"Listen\.content = (.*);", page)[1])
    assert content == session(published.folder, name)
    for path, sound in embedded.items():
        assert base64.b64decode(sound) == (published.folder / path).read_bytes()
    trials = [*content["training"], *(t for block in content["blocks"] for t in block)]
    wanted = {f"{t['folder']}/{n}" for t in trials for n in t["stimuli"]}
    assert wanted <= set(embedded)
    assert not any(name in page for name in (*SYSTEMS, "lowpass-", "mixture"))


def test_a_session_must_exist(published, tmp_path):
    with pytest.raises(UserError, match="is no session of this test; choose one of mos-01"):
        standalone(published.folder, "mushra-99", tmp_path / "session.html", texts("en"))
