"""What listeners are asked, in English: the page's own texts, for every other form of the test.

In our own words after Ward et al. 2018 and the paper's two criteria (section 5.6).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from hdemucs.config.listening import Attribute
from hdemucs.files import read_json


@dataclass(frozen=True)
class Question:
    """One attribute; `{source}` stands for the instrument."""

    title: str
    ask: str  # beside a reference
    alone: str  # without one
    low: str  # what 0, or 1, means
    high: str  # what 100, or 5, means


SAID = read_json(Path(__file__).parents[1] / "page" / "texts" / "en.json", "restore it")
QUESTIONS: dict[Attribute, Question] = {
    "quality": Question(**SAID["questions"]["quality"]),
    "contamination": Question(**SAID["questions"]["contamination"]),
}
# BS.1534-3, 5.4: the continuous quality scale, in fifths; and the paper's five grades.
GRADES = ("bad", "poor", "fair", "good", "excellent")
POINTS = (1, 2, 3, 4, 5)
NAMES: dict[str, str] = SAID["sources"]  # of a source, where it is no instrument


def named(text: str, source: str) -> str:
    """The text with the instrument in it."""
    return text.format(source=NAMES.get(source, source))
