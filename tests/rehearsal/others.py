"""What others made, for the rehearsal: released files on a server, scores, sound files."""

import gzip
import json
import shutil
import unicodedata
from pathlib import Path

import numpy as np
import torch
from demucs.demucs import Demucs
from demucs.hdemucs import HDemucs

from hdemucs.data.musdb18 import tracks
from tests.rehearsal.musdb import SOURCES
from tests.released.server import entries, named, packaged

COMMON = dict(sources=[*SOURCES], channels=4, dconv_mode=0, segment=4)
RELEASED = {  # the bag repro_mdx_a, but for its weights
    "9a6b4851": (Demucs, {**COMMON, "depth": 3, "resample": False}),
    "1ef250f1": (Demucs, {**COMMON, "depth": 3, "resample": False, "normalize": False}),
    "fa0cb7f9": (HDemucs, {**COMMON, "depth": 4, "nfft": 1024}),
    "902315c2": (HDemucs, {**COMMON, "depth": 4, "nfft": 1024}),
}
UNSCORED = ("Timboz - Pony", "Zeno - Signs")  # that the scores lack


def released(folder: Path, rate: int = 44_100) -> dict[str, bytes]:
    """Files with random weights in the official form, by name."""
    files = {}
    for seed, (signature, (kind, given)) in enumerate(RELEASED.items()):
        torch.manual_seed(seed)
        kwargs = {**given, "samplerate": rate}
        content = packaged(folder / "model.th", kind(**kwargs), kwargs)
        files[named(signature, content)] = content
    return files


def listed(catalogue: Path, files: dict[str, bytes]) -> None:
    """Have a checkout's catalogue name these files, since no other has their digests."""
    lines = catalogue.read_text().splitlines()
    for signature, entry in entries(files).items():
        [place] = [n for n, line in enumerate(lines) if line.startswith(f"{signature} = {{root")]
        lines[place] = f'{signature} = {{root = "mdx_final", file = "{entry["file"]}"}}'
    catalogue.write_text("\n".join(lines) + "\n")


def scores(folder: Path) -> None:
    """A folder as SiSEC 2018 published; names as a Mac's disk writes them, one file gzipped."""
    rng = np.random.default_rng(9)
    (folder / "test").mkdir(parents=True)
    for place, name in enumerate(tracks("test")):
        if name in UNSCORED:
            continue
        text = json.dumps({"targets": [target(source, rng) for source in SOURCES]})
        path = folder / "test" / f"{unicodedata.normalize('NFD', name)}.json"
        if place:
            path.write_text(text)
        else:
            path.with_name(f"{path.name}.gz").write_bytes(gzip.compress(text.encode()))


def target(name: str, rng: np.random.Generator) -> dict:
    frames = [
        {
            "time": float(second),
            "duration": 1.0,
            "metrics": {metric: float(rng.normal(5, 2)) for metric in ("SDR", "SIR", "SAR", "ISR")},
        }
        for second in range(2)
    ]
    return {"name": name, "frames": frames}


def estimates(folder: Path, musdb: Path) -> None:
    """The mixture as every source, by hard links."""
    for name in tracks("test"):
        (folder / name).mkdir(parents=True)
        for source in SOURCES:
            shutil.copyfile(musdb / "test" / name / "mixture.wav", folder / name / f"{source}.wav")
