"""A session in a single HTML file, which opens by double click; answers are downloaded."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hdemucs.errors import UserError
from hdemucs.files import read_json, write_text
from hdemucs.listening.layout import INDEX
from hdemucs.listening.session_list import CURE, hold_blind, load_session_list

STYLE = re.compile(r'<link rel="stylesheet" href="([^"]+)">')
SCRIPT = re.compile(r'\n\s*<script defer src="([^"]+)"></script>')


def standalone(
    folder: Path, session: str, path: Path, said: dict[str, Any], *, rehearsal: bool = False
) -> None:
    """Write the session `session` of the test in `folder` to `path`; `said` has the page's texts.

    Raises:
        UserError: there is no such session, or it is of a trial set and `rehearsal` is false.
    """
    listed = load_session_list(folder)
    hold_blind(folder, listed, rehearsal=rehearsal)
    found = listed.sessions
    if session not in found:
        known = ", ".join(sorted(found))
        raise UserError(session, "is no session of this test", f"choose one of {known}")
    content = read_json(folder / found[session] / "sessions" / f"{session}.json", CURE)
    embedded = {name: encoded(folder / name) for name in sorted(set(files(content)))}
    words = f"Listen.texts = {script(said)};\n"
    data = f"Listen.content = {script(content)};\nListen.embedded = {script(embedded)};\n"
    index = (folder / INDEX).read_text()
    names = SCRIPT.findall(index)
    parts = [(folder / name).read_text() for name in names]
    code = "\n".join([*parts[:-1], data, words, parts[-1]])
    style = STYLE.sub(lambda match: f"<style>{(folder / match[1]).read_text()}</style>", index)
    page = SCRIPT.sub("", style)
    write_text(path, page.replace("</body>", f"<script>\n{code}</script>\n</body>"))


def files(content: dict[str, Any]) -> Iterator[str]:
    """All sounds that a session plays."""
    for trial in [*content["training"], *(trial for block in content["blocks"] for trial in block)]:
        for name in [*trial["stimuli"], *([trial["reference"]] if "reference" in trial else [])]:
            yield f"{trial['folder']}/{name}"


def encoded(path: Path) -> str:
    return base64.b64encode(path.read_bytes()).decode()


def script(value: Any) -> str:
    """JSON that is safe inside a script element."""
    return json.dumps(value).replace("<", "\\u003c")
