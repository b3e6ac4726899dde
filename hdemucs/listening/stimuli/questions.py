"""What listeners are asked, once for every page and form of the test.

In our own words after Ward et al. 2018 and the paper's two criteria (section 5.6).
"""

from __future__ import annotations

from dataclasses import dataclass

from hdemucs.config.listening import Attribute


@dataclass(frozen=True)
class Question:
    """One attribute; `{source}` stands for the instrument."""

    title: str
    ask: str  # beside a reference
    alone: str  # without one
    low: str  # what 0, or 1, means
    high: str  # what 100, or 5, means


QUESTIONS: dict[Attribute, Question] = {
    "quality": Question(
        title="Sound quality",
        ask="How good is the sound of the {source} compared with the reference? Judge artefacts "
        "and distortion: metallic tones, drop-outs, dullness, crackle. Other instruments that "
        "leak in do not count.",
        alone="How good is the sound of the {source}? Judge artefacts and distortion: metallic "
        "tones, drop-outs, dullness, crackle. Other instruments that leak in do not count.",
        low="very distorted",
        high="no artefacts at all",
    ),
    "contamination": Question(
        title="Other instruments",
        ask="How free is it from the other instruments? At the top you hear only the {source}, "
        "as in the reference. Artefacts and distortion do not count.",
        alone="How free is it from the other instruments? At the top you hear only the {source}. "
        "Artefacts and distortion do not count.",
        low="others as loud as the {source}",
        high="only the {source}",
    ),
}
# BS.1534-3, 5.4: the continuous quality scale, in fifths; and the paper's five grades.
GRADES = ("bad", "poor", "fair", "good", "excellent")
POINTS = (1, 2, 3, 4, 5)
NAMES = {"other": "remaining instruments"}  # of a source, where it is no instrument


def named(text: str, source: str) -> str:
    """The text with the instrument in it."""
    return text.format(source=NAMES.get(source, source))
