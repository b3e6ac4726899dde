"""Pages that are one file: figures and data within, no script, nothing from the network."""

from __future__ import annotations

import base64
import html
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from jinja2 import Environment, StrictUndefined

from hdemucs.files import write_text

MEDIA = {"svg": "image/svg+xml", "png": "image/png", "csv": "text/csv", "md": "text/markdown"}
FORMS = ("csv", "md", "tex")  # of a table, to be saved from the page
HOME = "index.html"


@dataclass(frozen=True)
class Section:
    """A heading, some paragraphs of plain text, and parts that are HTML already."""

    title: str
    anchor: str
    paragraphs: tuple[str, ...]
    parts: tuple[str, ...]


def within(path: Path) -> str:
    """A file as an address that holds it: a page that uses it needs nothing beside it."""
    kind = MEDIA.get(path.suffix.removeprefix("."), "text/plain")
    return f"data:{kind};base64,{base64.b64encode(path.read_bytes()).decode()}"


def picture(folder: Path, name: str, caption: str, note: str) -> str:
    """A figure of `folder`, within the page: the smaller one of its drawing and its picture."""
    forms = [folder / f"{name}.{suffix}" for suffix in ("svg", "png")]
    source = within(min(forms, key=lambda path: path.stat().st_size))
    said = html.escape(caption)
    return (
        f'<figure id="figure-{name}"><figcaption>{said}</figcaption>'
        f'<div class="wide"><img src="{source}" alt="{said}"></div>'
        f"<ul><li>{html.escape(note)}</li></ul></figure>"
    )


def downloads(folder: Path, names: Sequence[str]) -> str:
    """The other forms of tables, to be saved from the page."""
    items = "".join(
        f"<li>{html.escape(name)}: "
        + ", ".join(
            f'<a download="{name}.{form}" href="{within(folder / f"{name}.{form}")}">{form}</a>'
            for form in FORMS
        )
        + "</li>"
        for name in names
    )
    return f"<ul>{items}</ul>"


def folded(title: str, *parts: str) -> str:
    """Parts that open when asked for, and in print."""
    return f"<details><summary>{html.escape(title)}</summary>\n{''.join(parts)}</details>"


def write_page(
    path: Path,
    title: str,
    lead: Sequence[str],
    warnings: Sequence[str],
    sections: Sequence[Section],
) -> None:
    """One page; any but the home page leads back there."""
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    template = environment.from_string(
        files("hdemucs.report").joinpath("page.html.j2").read_text(encoding="utf-8")
    )
    home = None if path.name == HOME else HOME
    said = {"title": title, "lead": lead, "warnings": warnings, "sections": sections, "home": home}
    write_text(path, template.render(said) + "\n")
