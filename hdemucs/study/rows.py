"""The rows of the report's tables, from each variant's own `row`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field
from pydantic.dataclasses import dataclass

from hdemucs.config.base import STRICT
from hdemucs.config.load import validated
from hdemucs.errors import UserError
from hdemucs.study.params import Tree, unknown


@dataclass(frozen=True, kw_only=True, config=STRICT)
class OwnRow:
    """A variant with a row of its own; fields that are left out are empty."""

    label: Annotated[str, Field(min_length=1)]
    baseline: str | None = None
    published: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, config=STRICT)
class SharedRow:
    """A variant that is a further seed of another variant's row."""

    seed_of: str


def row_of(name: str, variants: Tree) -> OwnRow | SharedRow:
    """Read a variant's row.

    Raises:
        UserError: the row is missing or wrong, or names a variant that is not defined.
    """
    where = f"variants.{name}.row"
    content = variants[name].get("row")
    if not isinstance(content, dict):
        raise UserError(
            where, "is missing", 'give it `row: {label: "..."}` or `row: {seed_of: ...}`'
        )
    row: OwnRow | SharedRow
    if "seed_of" in content:
        row = validated(content, SharedRow, where)
        other: str | None = row.seed_of
    else:
        row = validated(content, OwnRow, where)
        other = row.baseline
    if other is not None and other not in variants:
        raise unknown(f"{where}: {other}", other, variants, "variant")
    return row


def rows(names: list[str], variants: Tree) -> list[dict[str, Any]]:
    """The RowConfig of each row of the study; baselines outside of the study are dropped.

    Raises:
        UserError: a row is missing or wrong, or two have one label.
    """
    found = {name: row_of(name, variants) for name in variants}
    out: dict[str, dict[str, Any]] = {}
    for name in (name for name in found if name in names):
        row = found[name]
        if isinstance(row, SharedRow) and row.seed_of in names:
            out[row.seed_of]["systems"].append(name)
        else:
            out[name] = own(name, row, found, names)
    hold_labels(out)
    return list(out.values())


def hold_labels(found: Mapping[str, Mapping[str, Any]]) -> None:
    """Refuse rows with the same label."""
    first: dict[str, str] = {}
    for name, row in found.items():
        other = first.setdefault(row["label"], name)
        if other != name:
            problem = f"is {row['label']!r}, which is the label of {other}, too"
            raise UserError(f"variants.{name}.row.label", problem, "give each row its own label")


def own(name: str, row: OwnRow | SharedRow, found: Tree, names: list[str]) -> dict[str, Any]:
    """A variant's own row; a further seed gets one if the first is not in the study."""
    kept = found[row.seed_of] if isinstance(row, SharedRow) else row
    baseline = kept.baseline if kept.baseline in names and kept.baseline != name else None
    return {
        "name": name,
        "label": kept.label,
        "systems": [name],
        "baseline": baseline,
        "published": list(kept.published),
    }
