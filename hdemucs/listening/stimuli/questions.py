"""The questions for listeners in English, used by all forms of the test other than the page.

They are in our own words, following Ward et al. 2018 and the paper's two criteria (section 5.6).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from hdemucs.config.listening import Attribute
from hdemucs.files import read_json


@dataclass(frozen=True)
class Question:
    """The texts about one attribute; `{source}` stands for the instrument."""

    title: str
    ask: str  # the question with a reference
    alone: str  # the question without one
    low: str  # the meaning of 0 or 1
    high: str  # the meaning of 100 or 5


SAID = read_json(Path(__file__).parents[1] / "page" / "texts" / "en.json", "restore it")
QUESTIONS: dict[Attribute, Question] = {
    "quality": Question(**SAID["questions"]["quality"]),
    "contamination": Question(**SAID["questions"]["contamination"]),
}
# BS.1534-3, 5.4: the parts of the continuous quality scale; also the paper's five grades.
GRADES = ("bad", "poor", "fair", "good", "excellent")
POINTS = (1, 2, 3, 4, 5)
NAMES: dict[str, str] = SAID["sources"]  # of sources that are not instruments


def named(text: str, source: str) -> str:
    """The text with the instrument's name."""
    return text.format(source=NAMES.get(source, source))
