"""The secret that blind names and the plan of sessions are drawn with: never published.

It lies beside the key, in a folder that neither git nor DVC takes along. Who has the data, the
parameters and the code of a study can name every file of its listening test only with it.
"""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path

from hdemucs.errors import UserError
from hdemucs.files import replacing

BYTES = 16
NAME = "secret"


def secret(folder: Path) -> str:
    """The folder's secret; a new one where there is none, readable by its owner alone.

    Raises:
        UserError: the file is damaged.
    """
    path = folder / NAME
    with suppress(FileNotFoundError):
        found = path.read_text().strip()
        if len(found) != 2 * BYTES or not set(found) <= set("0123456789abcdef"):
            cure = "restore it, or remove it: names will be new and answers so far unreadable"
            raise UserError(path, "is damaged", cure)
        return found
    made = secrets.token_hex(BYTES)
    with replacing(path) as temporary:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(made + "\n")
    return made
