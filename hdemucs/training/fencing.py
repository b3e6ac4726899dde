"""Fencing: of two processes that were started for one run, only the newer may write."""

from __future__ import annotations

import os
from pathlib import Path

from hdemucs.errors import UserError


class Owner:
    """The process that owns the run, as the launcher wrote it into the file `owner`, if it did."""

    def __init__(self, folder: Path) -> None:
        self.path, self.token = folder / "owner", os.environ.get("HDEMUCS_OWNER")

    def check(self) -> None:
        """Refuse to go on if another process owns the run by now. Call it before each write.

        Raises:
            UserError: the run was started again elsewhere and belongs to that process now.
        """
        if self.token is None:
            return
        try:
            current = self.path.read_text().strip()
        except FileNotFoundError:
            current = "nobody"
        if current != self.token:
            problem = f"superseded: this run belongs to {current} by now, not to {self.token}"
            raise UserError(
                self.path.parent, problem, "nothing to do, that process goes on with it"
            )
