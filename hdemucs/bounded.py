"""Types for argparse: numbers with lower and upper bounds."""

from __future__ import annotations

import argparse
from collections.abc import Callable


def real(least: float | int, most: float | int) -> Callable[[str], float]:
    """An argparse type that accepts numbers from `least` to `most`."""

    def read(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = float("nan")
        if not least <= value <= most:
            raise refusal(text, "number", least, most)
        return value

    return read


def whole(least: int, most: int) -> Callable[[str], int]:
    """An argparse type that accepts whole numbers from `least` to `most`."""

    def read(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            value = least - 1
        if not least <= value <= most:
            raise refusal(text, "whole number", least, most)
        return value

    return read


def refusal(
    text: str, what: str, least: float | int, most: float | int
) -> argparse.ArgumentTypeError:
    said = text if len(text) <= 40 else f"{text[:37]}..."  # noqa: PLR2004  a line stays readable
    return argparse.ArgumentTypeError(f"{said!r} is no {what} from {least:.10g} to {most:.10g}")
