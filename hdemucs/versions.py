"""The libraries that a training's numbers depend on, beside its code and configuration."""

from __future__ import annotations

import platform
import sys
from collections.abc import Mapping
from importlib.metadata import version


def versions() -> dict[str, str]:
    """Of this Python, torch and numpy."""
    return {"python": platform.python_version(), **{n: version(n) for n in ("torch", "numpy")}}


def remark(subject: object, act: str, then: Mapping[str, str]) -> None:
    """Say on stderr when something made under another torch is used; the same one goes unsaid.

    Its weights are valid, but a repetition under the present torch may differ in the last digits.
    """
    now = versions()["torch"]
    if then["torch"] != now:
        sys.stderr.write(f"{subject}: {act} torch {then['torch']}; here is torch {now}\n")
