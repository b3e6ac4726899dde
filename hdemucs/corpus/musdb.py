"""The settings file with which musdb reads a corpus that is not MUSDB18.

The package's own mus.yaml lists MUSDB18's validation tracks, so any other corpus would have none.
"""

from __future__ import annotations

from hdemucs.corpus.plan import Plan

SETUP = "setup.yaml"
STEMS = ("mixture", "drums", "bass", "other", "vocals")  # numbered as in MUSDB18's stem files

TEMPLATE = """\
sample_rate: {rate}
sources:
{sources}
mixture: mixture.wav
stem_ids:
{numbers}
targets:
{targets}
  accompaniment:
{accompaniment}
  linear_mixture:
{everything}
validation_tracks:
{valid}
"""


def setup(rate: int, tracks: list[Plan]) -> str:
    """The content for `musdb.DB(root, is_wav=True, setup_file="setup.yaml")`."""
    sources = STEMS[1:]
    return TEMPLATE.format(
        rate=float(rate),
        sources=lines("  {0}: {0}.wav", sources),
        numbers="\n".join(f"  {stem}: {number}" for number, stem in enumerate(STEMS)),
        targets=lines("  {0}:\n    {0}: 1", sources),
        accompaniment=lines("    {0}: 1", sources[:-1]),
        everything=lines("    {0}: 1", sources),
        valid=lines("- '{0}'", tuple(plan.name for plan in tracks if plan.split == "valid")),
    )


def lines(form: str, values: tuple[str, ...]) -> str:
    return "\n".join(form.format(value) for value in values)
