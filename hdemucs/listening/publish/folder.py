"""Build the whole listening test beside its place, and move it there when it is complete."""

from __future__ import annotations

import html
import shutil
from pathlib import Path

from hdemucs.config.listening import ListeningConfig
from hdemucs.files import read_json, write_bytes, write_json, write_text
from hdemucs.listening.key import digest, key_path, save_key
from hdemucs.listening.layout import INDEX, LIST, served
from hdemucs.listening.publish.design import design, instructions, readme
from hdemucs.listening.publish.qc import write_qc
from hdemucs.listening.publish.record import excerpts_csv, manifest, session_list
from hdemucs.listening.publish.webmushra import configuration
from hdemucs.listening.secret import SECRET, name_source
from hdemucs.listening.stimuli.checks import check_blind
from hdemucs.listening.stimuli.even import stamp
from hdemucs.listening.stimuli.inputs import Inputs
from hdemucs.listening.stimuli.render import SUFFIX
from hdemucs.listening.stimuli.sets import MUSHRA, Built, build_sets

PAGE = Path(__file__).parents[1] / "page"
MAIN = '  <main id="page">'  # in index.html


def publish(config: ListeningConfig, inputs: Inputs, folder: Path, private: Path) -> str:
    """Write the test to `folder` and its key into `private`; return a text about it.

    Blind names follow from the secret in `private`, or from the study's seed if there is none.

    Raises:
        UserError: a fault that makes the test worthless; `folder` and all keys are unchanged.
    """
    names = name_source(private, config.seed)
    temporary = folder.with_name(f".{folder.name}.tmp")
    shutil.rmtree(temporary, ignore_errors=True)
    try:
        built = build_sets(config, inputs, temporary, names)
        write_page(config, built, temporary)
        write_records(config, inputs, built, temporary)
        check_blind(served(temporary), temporary, config.systems)
        stamp(sorted(temporary.rglob("*")))
        key = key_path(private, digest(built.entries))
        save_key(built.entries, key)  # first, so that no set is ever without its key
        shutil.rmtree(folder, ignore_errors=True)
        temporary.replace(folder)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return (
        f"{len(inputs.excerpts.excerpts)} excerpts, {len(built.entries)} sounds, "
        f"{len(built.sessions)} sessions in {folder}, with names from the "
        f"{names.kind}; the key is {key}"
    )


def write_page(config: ListeningConfig, built: Built, root: Path) -> None:
    """Write the page's own files, and the list of sessions that it reads first."""
    for path in sorted(path for path in PAGE.rglob("*") if path.is_file()):
        place = root / INDEX if path.name == INDEX else root / "page" / path.relative_to(PAGE)
        content = path.read_bytes()
        write_bytes(place, noted(content, built) if path.name == INDEX else content)
    write_json(root / LIST, session_list(config, built))


def noted(index: bytes, built: Built) -> bytes:
    """The first page; for a trial set it says so, even when opened without a server."""
    if built.names_from == SECRET:
        return index
    said = read_json(PAGE / "texts" / "en.json", "restore it")["rehearsal"]
    note = f'  <p id="rehearsal">{html.escape(said)}</p>\n{MAIN}'
    return index.replace(MAIN.encode(), note.encode())


def write_records(config: ListeningConfig, inputs: Inputs, built: Built, root: Path) -> None:
    """Write the files for experimenters."""
    record = manifest(config, inputs.excerpts, built)
    write_json(root / "manifest.json", record)
    write_text(root / "excerpts.csv", excerpts_csv(inputs.excerpts))
    write_text(root / "design.md", design(config, inputs.excerpts, built, record))
    write_text(root / "README.md", readme(config, built))
    write_qc(root, built, inputs.excerpts.rate)
    hidden = hidden_references(built)
    for session in built.sessions:
        path = root / "webmushra" / f"{session.session}.yaml"
        write_text(path, configuration(session, hidden, built.names_from))
    write_text(root / "webmushra" / "RUN.md", instructions(config, built))


def hidden_references(built: Built) -> dict[str, str]:
    """File name of the hidden reference, by the blind name of the trial's folder."""
    return {
        entry.trial: entry.name + SUFFIX
        for entry in built.entries
        if entry.set == MUSHRA and entry.role == "reference"
    }
