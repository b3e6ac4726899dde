"""Whatever stands in a checkpoint, importing it ends in a model or in one line.

python -m tests.models.official.test_fuzz SEED CASES     says what comes of many more, and how long
"""

import math
import random
import zipfile
from collections import Counter

import torch

from hdemucs.errors import UserError
from hdemucs.models.demucs.official.importing import import_official
from hdemucs.models.demucs.official.pickles import Global
from hdemucs.models.demucs.official.settings import HDEMUCS
from tests.models.official.goldens import QUANTISED
from tests.models.official.packages import Memory, quantised, saved, tiny, write

CASES, MEMORY = 250, 200_000_000  # bytes
GOOD = [tiny(), quantised()]
ITSELF = []
ITSELF.append(ITSELF)
ODD = [
    None, True, -1, 0, 1, 2, 3, 7, 12, 4096, 2**31, 2**63, 2**70, 10**400, 0.5, -1.0, 1e300,
    math.inf, math.nan, "", "a", "a" * 1000, "\ud800", "\x1b[2J", "../a", b"a", [], [1], [[]],
    [0.1, 0.3], ["a", "b"], (), (1, 2), {}, {"a": 1}, {1: {}}, ITSELF, HDEMUCS, Global("a.b", "C"),
    torch.zeros(3), torch.zeros(0), torch.zeros(1, 2, 32, dtype=torch.int64), torch.zeros(8, 1, 8),
]  # fmt: skip
STEPS = b"()[]{}tRQ0qhrjusaeb.NIJKMXGL\x80\x81\x85\x86\x87\x88\x89\x8a\x8c\x93\x94\x95"


def replaced(value, rng):
    """One thing in it, at any depth, is another."""
    if not isinstance(value, dict | list | tuple) or not value or rng.random() < 0.1:
        return rng.choice(ODD)
    if isinstance(value, dict):
        name = rng.choice([*value])
        match rng.randrange(8):
            case 0:
                return {key: value[key] for key in value if key != name}
            case 1:
                return value | {rng.choice(["odd", 1, None, 0.5]): rng.choice(ODD)}
            case _:
                return value | {name: replaced(value[name], rng)}
    at = rng.randrange(len(value))
    changed = [*value]
    changed[at : at + 1] = [] if rng.random() < 0.1 else [replaced(value[at], rng)]
    return type(value)(changed)


def argument(content, rng):
    """Arguments decide most, so they get most."""
    known = ["channels", "depth", "nfft", "multi_freqs", "dconv_mode", "lstm_layers", "dconv_comp"]
    names = rng.sample([*known, "hybrid", "cac", "norm_starts", "dconv_init", "audio_channels"], 3)
    kwargs = {name: rng.choice(ODD) for name in names[: rng.randint(1, 3)]}
    klass = HDEMUCS if rng.random() < 0.3 else content["klass"]
    return content | {"klass": klass, "kwargs": content["kwargs"] | kwargs}


def damaged(content, steps, rng):
    """Some bytes are others, or gone, or twice there."""
    out = bytearray(content)
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(out))
        match rng.randrange(5):
            case 0:
                del out[at : at + rng.choice([1, 2, 5, 50])]
            case 1:
                out[at:at] = out[at : at + rng.choice([1, 2, 5, 50])]
            case 2:
                out[at] = rng.choice(steps)
            case 3:
                out[at] ^= 1 << rng.randrange(8)
            case _:
                out[at] = rng.choice([0, 1, 0x7F, 0x80, 0xFF])
    return bytes(out)


def case(folder, rng):
    """A file that was a good checkpoint before something befell it."""
    content, kind = rng.choice(GOOD), rng.choice(["field", "argument", "pickle", "zip"])
    if kind in ("field", "argument"):
        change = replaced if kind == "field" else argument
        return kind, saved(folder, change(content, rng))
    path = rng.choice([saved(folder, content), QUANTISED])
    if kind == "pickle":
        with zipfile.ZipFile(path) as file:
            root = file.namelist()[0].partition("/")[0]
            pickled = damaged(file.read(f"{root}/data.pkl"), STEPS, rng)
            parts = sum(f"{root}/data/" in name for name in file.namelist())
            storages = [file.read(f"{root}/data/{key}") for key in range(parts)]
        write(folder / "evil.th", pickled, storages)
    else:
        (folder / "evil.th").write_bytes(damaged(path.read_bytes(), b"PK\x01\x02\x03\x06", rng))
    return kind, folder / "evil.th"


def outcome(path):
    """What the user is told; anything but a UserError is an error of ours."""
    try:
        with Memory(MEMORY):
            import_official(path)
    except UserError as refusal:
        assert str(refusal).isprintable()
        return str(refusal).partition("evil.th")[2][:60]
    return "a model"


def test_a_model_or_one_line(tmp_path):
    rng, found = random.Random(0), Counter()
    for _ in range(CASES):
        kind, path = case(tmp_path, rng)
        found[kind, outcome(path) == "a model"] += 1
    assert len({kind for kind, _ in found}) == 4
    assert {whole for _, whole in found} == {True, False}, "neither is all that ever comes"
