"""The source of blind names: the study's seed, or a secret that is never published.

Without a secret, a clone builds the same sets byte for byte, but whoever has the study can identify
every file: such sets are for trying out. The secret of a real test is stored beside the keys, in a
folder that neither git nor DVC copies.
"""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from hdemucs.errors import UserError
from hdemucs.files import sync, unwritable

BYTES = 16
NAME = "secret"
SEED, SECRET = "seed", "secret"


@dataclass(frozen=True)
class NameSource:
    """What blind names, dither and the plan of sessions follow from."""

    kind: Literal["seed", "secret"]
    word: str


def name_source(folder: Path, seed: int) -> NameSource:
    """The secret in `folder`, or the study's seed if there is none.

    Raises:
        UserError: the secret is damaged.
    """
    path = folder / NAME
    try:
        found = path.read_text().strip()
    except FileNotFoundError:
        return NameSource("seed", f"seed {seed}")
    except (OSError, UnicodeDecodeError):
        found = ""
    if len(found) != 2 * BYTES or not set(found) <= set("0123456789abcdef"):
        cure = "restore it, or remove it and run `hdemucs listen secret`, which draws another"
        raise UserError(path, "is damaged", cure)
    return NameSource("secret", found)


def draw_secret(folder: Path) -> bool:
    """Draw the folder's secret, readable by its owner only; False if there is one, which is kept.

    It is written and synced under another name, then hard-linked to its place, which fails if there
    is a secret. So two processes that draw at once get the same one, and nobody reads an unfinished
    one.

    Raises:
        UserError: it cannot be written.
    """
    path = folder / NAME
    temporary = folder / f".{NAME}.{os.getpid()}.tmp"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_hex(BYTES) + "\n")
        sync(temporary)
        os.link(temporary, path)
        sync(folder)
    except FileExistsError:
        return False
    except OSError as error:
        raise unwritable(path, error) from error
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
    return True
