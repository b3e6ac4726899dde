"""The versions of libraries on which a training's numbers depend."""

from __future__ import annotations

import platform
import sys
from collections.abc import Mapping
from importlib.metadata import version


def versions() -> dict[str, str]:
    """The versions of Python, torch and numpy."""
    return {"python": platform.python_version(), **{n: version(n) for n in ("torch", "numpy")}}


def remark(subject: object, act: str, then: Mapping[str, str]) -> None:
    """Print a line on stderr if something made with another version of torch is used.

    Its weights are valid, but a repetition with the present one may differ in the last digits.
    """
    now = versions()["torch"]
    if then["torch"] != now:
        sys.stderr.write(f"{subject}: {act} torch {then['torch']}; here is torch {now}\n")
