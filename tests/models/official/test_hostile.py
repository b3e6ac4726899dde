"""Hostile and damaged checkpoints stay outside: one line, no code run, no memory taken."""

import math
import os
import pickle
import struct
import subprocess
import zipfile

import pytest
import torch

from hdemucs.errors import UserError
from hdemucs.models.demucs.official.importing import import_official
from hdemucs.models.demucs.official.names import official_shapes
from hdemucs.models.demucs.official.quantised import QUANTISER
from hdemucs.models.demucs.official.settings import DEMUCS, HDEMUCS
from hdemucs.models.family import build, skeleton
from tests.models.official.packages import TINY, Memory, dumps, saved, tiny, write


class Calls:
    """Pickles as a call, of a function or of what another call returns."""

    def __init__(self, function, *args):
        self.function, self.args = function, args

    def __call__(self):
        """pickle only writes calls of what can be called."""

    def __reduce__(self):
        return self.function, self.args


def payloads(witness):
    """Real ones: each creates `witness` when pickle reads it."""
    code = f"__import__('pathlib').Path({str(witness)!r}).touch()"
    shell = f"touch {witness}"
    chain = Calls(getattr, Calls(__import__, "os"), "system")
    return {
        "os.system": Calls(os.system, shell),
        "builtins.eval": Calls(eval, code),
        "builtins.exec": Calls(exec, code),
        "subprocess": Calls(subprocess.call, ["touch", str(witness)]),
        "getattr chain": Calls(chain, shell),
        "in a list": [1, {"deep": (Calls(os.system, shell),)}],
    }


ATTACKS = [
    *((name, "whole", protocol) for name in payloads("x") for protocol in (2, 4)),
    *(("os.system", place, 2) for place in ("klass", "args", "kwargs", "state", "training_args")),
]


@pytest.mark.parametrize(("name", "place", "protocol"), ATTACKS)
def test_real_attacks_are_refused_unrun(name, place, protocol, tmp_path):
    witness = tmp_path / "witness"
    payload = payloads(witness)[name]
    content = {"klass": None, "args": (), "kwargs": {}, "state": {}, "training_args": {}}
    pickled = pickle.dumps(payload if place == "whole" else content | {place: payload}, protocol)
    pickle.loads(pickled)
    assert witness.exists(), "the attack must be real"
    witness.unlink()
    write(tmp_path / "evil.th", pickled)
    with pytest.raises(UserError, match=r"evil\.th: is refused: its pickle (names|calls)"):
        import_official(tmp_path / "evil.th")
    assert not witness.exists()


def global_(module, name):
    return f"c{module}\n{name}\n".encode()


SYSTEM = global_("os", "system")
LARGE = struct.pack("<I", 2**31 - 1)
LAUGHS = b"K\x01" + b"q\x00h\x00\x86" * 60  # a pair of a pair of a pair, both alike
CRAFTED = {
    "a name of the standard library, never called": b"\x80\x02" + SYSTEM + b".",
    "a dotted way around": b"\x80\x04\x8c\x05torch\x8c\x09os.system\x93(X\x01\x00\x00\x00xtR.",
    "a third party's function": b"\x80\x02" + global_("torch.hub", "load") + b"(U\x01xtR.",
    "a call through an instance": b"\x80\x02" + global_("numpy", "load") + b")\x81)R.",
    "a call of a string": b"\x80\x02X\x01\x00\x00\x00a)R.",
    "protocol 0's instances": b"(S'touch x'\nios\nsystem\n.",
    "protocol 1's objects": b"(" + SYSTEM + b"X\x01\x00\x00\x00xo.",
    "an extension": b"\x80\x02\x82\x01.",
    "state of a list": b"\x80\x02]}b.",
    "attributes of a name": b"\x80\x02" + global_("a", "b") + b"}b.",
    "a memo that was never made": b"\x80\x02h\x05.",
    "a huge memo": b"\x80\x02}r" + LARGE + b"j" + LARGE + b"0.",
    "a huge string": b"\x80\x02X" + LARGE + b"abc.",
    "a huge byte array": b"\x80\x05\x96" + struct.pack("<Q", 2**60) + b".",
    "a huge frame": b"\x80\x04\x95" + struct.pack("<Q", 2**60) + b".",
    "stray marks": b"\x80\x02((((.",
    "more popped than pushed": b"\x80\x02\x86.",
    "an unhashable key": b"\x80\x02}]K\x01s.",
    "a key that would take for ever to hash": b"\x80\x02}" + LAUGHS + b"K\x01s.",
    "a function that would take for ever to print": b"\x80\x02" + LAUGHS + b")R.",
    "a dictionary of a list": b"\x80\x02ccollections\nOrderedDict\n]\x85R.",
    "a tensor of itself": b"\x80\x02ctorch._utils\n_rebuild_parameter\n]R.",
    "a name in two lines": b"\x80\x04\x8c\x03a\nb\x8c\x01c\x93.",
    "what lies below a mark": b"\x80\x02}(K\x01s.",
    "more steps than any model's": b"\x80\x02" + b"}" * 3_000_000,
    "no end": b"\x80\x02}",
    "nothing": b"",
    "noise": bytes(range(256)),
    "a name with a backslash": b"\x80\x02ca\\Q\nb\n.",
    "a text that Python 2 would read": b"\x80\x02S'\\Q'\n.",
}


@pytest.mark.parametrize("name", CRAFTED)
def test_crafted_pickles_are_refused(name, tmp_path):
    write(tmp_path / "evil.th", CRAFTED[name])
    with pytest.raises(UserError, match=r"evil\.th: is refused") as refusal:
        import_official(tmp_path / "evil.th")
    assert "\n" not in str(refusal.value)


def test_deep_nesting_does_not_exhaust_the_stack(tmp_path):
    write(tmp_path / "deep.th", b"\x80\x02" + b"]" * 20_000 + b"a" * 19_999 + b".")
    with pytest.raises(UserError, match="no package of the official demucs"):
        import_official(tmp_path / "deep.th")


def tensor(numel, size, stride, kind=b"ctorch\nFloatStorage\n", key=b"0"):
    """A pickle of one tensor, with any numbers."""

    def integers(values):
        if isinstance(values, bytes):
            return values
        return b"(" + b"".join(b"J" + struct.pack("<i", v) for v in values) + b"t"

    stored = b"(X\x07\x00\x00\x00storage" + kind + b"X" + struct.pack("<I", len(key)) + key
    stored += b"X\x03\x00\x00\x00cpuJ" + struct.pack("<i", numel) + b"tQ"
    args = b"(" + stored + b"K\x00" + integers(size) + integers(stride) + b"\x89}t"
    return b"ctorch._utils\n_rebuild_tensor_v2\n" + args + b"R"


TENSORS = {
    "larger than its bytes": tensor(2**30, [2**30], [1]),
    "repeated for ever": tensor(4, [2**30, 2**30, 2**30], [0, 0, 0]),
    "with a negative stride": tensor(4, [4], [-1]),
    "without its bytes": tensor(4, [4], [1], key=b"7"),
    "outside its folder": tensor(4, [4], [1], key=b"../data.pkl"),
    "of a size that is a number": tensor(4, b"K\x04", b"K\x01"),
    "of no size": tensor(4, b"N", b"N"),
    "of a text's size": tensor(4, b"X\x01\x00\x00\x004", [1]),
    "of half a step": tensor(4, [4], b"(G" + struct.pack(">d", 0.5) + b"t"),
    "beyond all integers": tensor(4, b"(\x8a\x09" + b"\xff" * 8 + b"\x00K\x00t", [0, 0]),
    "that is a number": b"K\x05",
    "that is itself": b"ctorch._utils\n_rebuild_parameter\n(" * 9 + b"K\x01" + b"tR" * 9,
    "of objects": tensor(4, [4], [1], kind=b"cnumpy\nObjectStorage\n"),
}


def with_weight(pickled):
    """A good package whose first weight is this."""
    state = dict.fromkeys(official_shapes(skeleton(TINY)), None) | {"encoder.0.0.weight": "WEIGHT"}
    before, after = dumps(tiny(state=state)).split(b"X\x06\x00\x00\x00WEIGHT")
    return before + pickled + after


@pytest.mark.parametrize("name", TENSORS)
def test_impossible_tensors_are_refused(name, tmp_path):
    write(tmp_path / "evil.th", with_weight(TENSORS[name]), [bytes(16), bytes(10_000)])
    with pytest.raises(UserError, match=r"evil\.th: is refused: (a tensor|a \w+ stands|its part)"):
        import_official(tmp_path / "evil.th")


ARGUMENTS = {
    "multi_freqs": [5, "ab", ["a", None], [2.0], [math.nan]],
    "dconv_init": ["abc", None, math.inf, 10**400, [0.1]],
    "norm_starts": ["x", 3.0, None],
    "dconv_attn": [True],
    "depth": [None, 2.0, "2", 1, 0, -3],
    "gelu": ["no", 1],
    "samplerate": ["x", 44_100.5, True, 0, None],
    "segment": [math.nan, "x", [1]],
}
VALUES = [(name, value) for name, values in ARGUMENTS.items() for value in values]


@pytest.mark.parametrize(("name", "value"), VALUES)
def test_arguments_of_another_type_are_refused_by_name(name, value, tmp_path):
    kwargs = {**tiny()["kwargs"], name: value}
    if name == "multi_freqs":
        kwargs["depth"] = 6
    klass = HDEMUCS if name == "multi_freqs" else DEMUCS
    with pytest.raises(UserError, match=rf"its model has {name}="):
        import_official(saved(tmp_path, tiny(klass=klass, kwargs=kwargs)))


STATE = tiny()["state"]
OTHERS = {
    "no args": ({"args": None}, "its args are not"),
    "a number of args": ({"args": 5}, "its args are not"),
    "more args than sources": ({"args": (["a"], 2)}, "its args are not"),
    "a name that is a number": ({"kwargs": {1: 2}}, "whose name is none"),
    "a name in two lines": ({"kwargs": {"a\nb": 2}}, "whose name is none"),
    "a list in a list": ({"kwargs": {"sources": [["a"]]}}, "sources is no plain value"),
    "a long text": ({"kwargs": {"sources": ["a" * 1000]}}, "sources is no plain value"),
    "half a letter": ({"kwargs": {"sources": ["\ud800"]}}, "sources is no plain value"),
    "a source beside the output": ({"kwargs": {"sources": ["../a"]}}, "no list of sources"),
    "a source that is a folder": ({"kwargs": {"sources": [".."]}}, "no list of sources"),
    "a weight too many": ({"state": STATE | {"odd": 1}}, "no counterpart for 'odd'"),
    "a number for a weight": ({"state": STATE | {"encoder.0.0.bias": 1}}, "a int stands"),
    "names that are no text": ({"state": STATE | {None: 1, 2: 3}}, "no counterpart for 2"),
}


@pytest.mark.parametrize("name", OTHERS)
def test_packages_of_another_make_are_refused(name, tmp_path):
    changes, problem = OTHERS[name]
    with pytest.raises(UserError, match=problem):
        import_official(saved(tmp_path, tiny(**changes)))


QUANTISED = {
    "half a group": ({"group_size": 0.5}, "a group_size that"),
    "a group and a half": ({"group_size": 1.5}, "a group_size that"),
    "a switch for a group": ({"group_size": True}, "a group_size that"),
    "an endless group": ({"group_size": 10**30}, "a group_size that"),
    "endless bits": ({"min_bits": math.inf}, "a min_bits that"),
    "too many bits": ({"min_bits": 100}, "a min_bits that"),
    "bits of a text": ({"min_bits": "2"}, "a min_bits that"),
    "no least size": ({"min_size": math.nan}, "a min_size that"),
    "an exclusion": ({"exclude": ["lstm"]}, "an? exclude that"),
    "groups that do not fit": ({"min_size": 1e-9, "group_size": 7}, "impossible groups"),
    "levels that are not there": ({"min_size": 1e-9, "group_size": 8}, "a NoneType stands"),
    "weights that are not there": ({"min_size": 1.0}, "weights in 'quantized' and not 0"),
}


@pytest.mark.parametrize("name", QUANTISED)
def test_impossible_quantised_states_are_refused(name, tmp_path):
    settings, problem = QUANTISED[name]
    levels = ([None] * 14, (0.0, 1.0), torch.zeros(1, 1, 32, dtype=torch.int64))
    meta = {"klass": QUANTISER, "init_kwargs": settings, "packed": True, "torch_pack": False}
    state = {
        "__quantized": True, "quantized": [levels] * len(official_shapes(skeleton(TINY))),
        "float16": [], "others": [], "meta": meta,
    }  # fmt: skip
    with pytest.raises(UserError, match=problem):
        import_official(saved(tmp_path, tiny(state=state)))


@pytest.mark.parametrize("quantised", [False, True])
def test_arguments_make_no_memory_that_weights_do_not_fill(quantised, tmp_path):
    """Built, this model would take 547 GB."""
    kwargs = {"sources": ["a"], "channels": 2048, "depth": 6, "audio_channels": 2}
    state = {"__quantized": True} if quantised else {}
    path = saved(tmp_path, tiny(kwargs=kwargs, state=state))
    with Memory(1_000_000), pytest.raises(UserError, match="weights, more than the file can hold"):
        import_official(path)
    with pytest.raises(pytest.fail.Exception), Memory(1_000):
        build(TINY, seed=0)


def test_a_bomb_is_not_unpacked(tmp_path):
    write(tmp_path / "bomb.th", bytes(50_000_000), compress=zipfile.ZIP_DEFLATED)
    with pytest.raises(UserError, match="compressed"):
        import_official(tmp_path / "bomb.th")


@pytest.mark.parametrize(("at", "bits", "problem"), [(8, 1, "encrypted"), (6, 200, "version 20")])
def test_zip_files_that_torch_does_not_write(at, bits, problem, tmp_path):
    """Bytes of every entry in the central directory, and of its copy at the member."""
    path = saved(tmp_path, tiny())
    content = bytearray(path.read_bytes())
    for signature, place in ((b"PK\x01\x02", at), (b"PK\x03\x04", at - 2)):
        start = -1
        while (start := content.find(signature, start + 1)) >= 0:
            content[start + place] |= bits
    path.write_bytes(content)
    with pytest.raises(UserError, match=problem):
        import_official(path)


def test_nothing_from_the_file_reaches_the_terminal_as_it_is(tmp_path):
    pickled, padding = with_weight(TENSORS["without its bytes"]), [bytes(10_000)]
    write(tmp_path / "evil.th", pickled, padding, root="\x1b[2J\n")
    with pytest.raises(UserError, match=r"its part \?\[2J\?/data/\d+ is missing") as refusal:
        import_official(tmp_path / "evil.th")
    assert str(refusal.value).isprintable()
