"""HTML pages that are single files: figures and data are embedded; no script, no network access."""

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
FORMS = ("csv", "md", "tex")  # formats of a table that can be saved from the page
HOME = "index.html"


@dataclass(frozen=True)
class Section:
    """A heading, some paragraphs of plain text, and parts in HTML."""

    title: str
    anchor: str
    paragraphs: tuple[str, ...]
    parts: tuple[str, ...]


def within(path: Path) -> str:
    """A file as a data URL, so that the page needs no other file."""
    kind = MEDIA.get(path.suffix.removeprefix("."), "text/plain")
    return f"data:{kind};base64,{base64.b64encode(path.read_bytes()).decode()}"


def picture(folder: Path, name: str, caption: str, note: str) -> str:
    """A figure of `folder`, embedded: its SVG or PNG, whichever is smaller."""
    forms = [folder / f"{name}.{suffix}" for suffix in ("svg", "png")]
    source = within(min(forms, key=lambda path: path.stat().st_size))
    said = html.escape(caption)
    return (
        f'<figure id="figure-{name}"><figcaption>{said}</figcaption>'
        f'<div class="wide"><img src="{source}" alt="{said}"></div>'
        f"<ul><li>{html.escape(note)}</li></ul></figure>"
    )


def downloads(folder: Path, names: Sequence[str]) -> str:
    """Links to save tables in other formats."""
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
    """Parts that are collapsed until they are opened or printed."""
    return f"<details><summary>{html.escape(title)}</summary>\n{''.join(parts)}</details>"


def write_page(
    path: Path,
    title: str,
    lead: Sequence[str],
    warnings: Sequence[str],
    sections: Sequence[Section],
) -> None:
    """Write one page; all but the home page link back to the home page."""
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    template = environment.from_string(
        files("hdemucs.report").joinpath("page.html.j2").read_text(encoding="utf-8")
    )
    home = None if path.name == HOME else HOME
    said = {"title": title, "lead": lead, "warnings": warnings, "sections": sections, "home": home}
    write_text(path, template.render(said) + "\n")
