"""Read a SoundFont 2 file, and find the zones that sound for a preset, a key and a velocity.

Terms and generator numbers are those of the SoundFont Technical Specification 2.04, section 8.
"""

from __future__ import annotations

import importlib.util
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hdemucs.corpus.zones import Generators, Zone, resolved, spanned
from hdemucs.errors import UserError
from hdemucs.files import sha256

# TimGM6mb.sf2 of pretty_midi 0.2.11.post0 (GPL-2: it is read where it is installed, not copied).
AUTO = "auto"
AUTO_FILE = "TimGM6mb.sf2"
AUTO_SHA256 = "82475b91a76de15cb28a104707d3247ba932e228bada3f47bba63c6b31aaf7a1"
REINSTALL = "install pretty_midi==0.2.11.post0 or name a SoundFont 2 file in corpus.soundfont"

INSTRUMENT, SAMPLE = 41, 53  # the generators at the end of a zone, which say what it plays

RECORDS = {
    "phdr": [("name", "S20"), ("program", "<u2"), ("bank", "<u2"), ("bag", "<u2"), ("_", "V12")],
    "pbag": [("generator", "<u2"), ("_", "V2")],
    "pgen": [("kind", "<u2"), ("amount", "<i2")],
    "inst": [("name", "S20"), ("bag", "<u2")],
    "ibag": [("generator", "<u2"), ("_", "V2")],
    "igen": [("kind", "<u2"), ("amount", "<i2")],
    "shdr": [
        ("name", "S20"), ("start", "<u4"), ("end", "<u4"), ("loop_start", "<u4"),
        ("loop_end", "<u4"), ("rate", "<u4"), ("key", "u1"), ("correction", "i1"), ("_", "V4"),
    ],
}  # fmt: skip


@dataclass(frozen=True)
class Source:
    """A sound font's place and checksum."""

    path: Path
    sha256: str


def locate(choice: str) -> Source:
    """The sound font that `corpus.soundfont` refers to: "auto" or a path.

    Raises:
        UserError: there is none, or "auto" is not the file for which the corpus was designed.
    """
    path = shipped() if choice == AUTO else Path(choice)
    if not path.is_file():
        raise UserError(path, "is missing (the sound font)", REINSTALL)
    found = Source(path, sha256(path))
    if choice == AUTO and found.sha256 != AUTO_SHA256:
        raise UserError(path, f"is another sound font (sha256 {found.sha256[:8]}…)", REINSTALL)
    return found


def shipped() -> Path:
    """The sound font inside the package pretty_midi, which is not imported."""
    found = importlib.util.find_spec("pretty_midi")
    if found is None or found.origin is None:
        raise UserError("corpus.soundfont", "pretty_midi is not installed", REINSTALL)
    return Path(found.origin).parent / AUTO_FILE


class SoundFont:
    """All presets of a file; samples are float64 from -1 to 1."""

    def __init__(self, path: Path) -> None:
        try:
            chunks = dict(leaves(path.read_bytes()))
            self.samples = np.frombuffer(chunks["smpl"], "<i2") / 32768.0
            self.tables = {
                name: np.frombuffer(chunks[name], np.dtype(fields))
                for name, fields in RECORDS.items()
            }
        except (OSError, KeyError, ValueError, struct.error) as error:
            cure = "name a SoundFont 2 file in corpus.soundfont"
            raise UserError(path, f"is not a readable SoundFont 2 file ({error})", cure) from error
        headers = self.tables["phdr"][:-1]
        self.presets = {
            (int(row["bank"]), int(row["program"])): self.zones_of_preset(index)
            for index, row in enumerate(headers)
        }

    def zones(self, bank: int, program: int, key: int, velocity: int) -> list[Zone]:
        """The zones that sound; if the font lacks the program, those of program 0 of the bank."""
        preset = self.presets.get((bank, program)) or self.presets[bank, 0]
        return [zone for zone in preset if zone.sounds(key, velocity)]

    def zones_of_preset(self, index: int) -> list[Zone]:
        zones = []
        for outer in self.bags("phdr", "pbag", "pgen", index, INSTRUMENT):
            for inner in self.bags("inst", "ibag", "igen", outer[INSTRUMENT], SAMPLE):
                span = spanned(outer, inner)
                if span is not None:
                    header = self.tables["shdr"][inner[SAMPLE]]
                    zones.append(resolved(outer, inner, span, header))
        return zones

    def bags(
        self, owners: str, bags: str, generators: str, index: int, target: int
    ) -> Iterator[Generators]:
        """Each zone's generators, which override those of the owner's global zone."""
        first, last = (int(self.tables[owners][index + step]["bag"]) for step in (0, 1))
        common: Generators = {}
        for bag in range(first, last):
            start, stop = (int(self.tables[bags][bag + step]["generator"]) for step in (0, 1))
            rows = self.tables[generators][start:stop]
            own = {int(row["kind"]): int(row["amount"]) for row in rows}
            if target in own:
                yield common | own
            elif bag == first:
                common = own


def leaves(data: bytes) -> Iterator[tuple[str, bytes]]:
    """Name and content of each chunk in the lists of a RIFF file."""
    kind, _, form = struct.unpack_from("<4sI4s", data)
    if (kind, form) != (b"RIFF", b"sfbk"):
        raise ValueError("no RIFF sfbk header")
    place = 12
    while place + 8 <= len(data):
        name, size = struct.unpack_from("<4sI", data, place)
        if name == b"LIST":
            place += 12
            continue
        content = data[place + 8 : place + 8 + size]
        if len(content) != size:
            raise ValueError(f"chunk {name!r} is cut short")
        yield name.decode("latin-1"), content
        place += 8 + size + size % 2
