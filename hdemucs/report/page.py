"""Pages that open from disk: one template, no script, nothing from the network."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from jinja2 import Environment, StrictUndefined

from hdemucs.files import write_text


@dataclass(frozen=True)
class Section:
    """A heading, some paragraphs of plain text, and parts that are HTML already."""

    title: str
    anchor: str
    paragraphs: tuple[str, ...]
    parts: tuple[str, ...]


def picture(name: str, caption: str, note: str) -> str:
    """A figure of `figures/`, linked to itself."""
    source = f"figures/{name}.svg"
    return (
        f'<figure id="{name}"><figcaption>{html.escape(caption)}</figcaption>'
        f'<a href="{source}"><img src="{source}" alt="{html.escape(caption)}"></a>'
        f"<ul><li>{html.escape(note)}</li></ul></figure>"
    )


def links(names: Sequence[str]) -> str:
    """The other forms of tables."""
    forms = ("csv", "md", "tex")
    items = "".join(
        f"<li>{html.escape(name)}: "
        + ", ".join(f'<a href="tables/{name}.{form}">{form}</a>' for form in forms)
        + "</li>"
        for name in names
    )
    return f"<ul>{items}</ul>"


def pages(targets: Mapping[str, str]) -> str:
    """Links to other pages, by their path, with what is on them."""
    items = (
        f'<li><a href="{path}">{path}</a>: {html.escape(said)}</li>'
        for path, said in targets.items()
    )
    return f"<ul>{''.join(items)}</ul>"


def write_page(
    path: Path, title: str, lead: str, warnings: Sequence[str], sections: Sequence[Section]
) -> None:
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    template = environment.from_string(
        files("hdemucs.report").joinpath("page.html.j2").read_text(encoding="utf-8")
    )
    write_text(
        path, template.render(title=title, lead=lead, warnings=warnings, sections=sections) + "\n"
    )
