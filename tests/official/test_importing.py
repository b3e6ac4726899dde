"""Official checkpoints in and out; hostile ones stay outside."""

import io
import os
import pickle
import struct
import subprocess
import zipfile

import pytest
import torch
from demucs.hdemucs import HDemucs
from demucs.htdemucs import HTDemucs
from demucs.states import load_model as load_theirs

from hdemucs.errors import Refusal
from hdemucs.model.build import build
from hdemucs.model.store import save_model
from hdemucs.official.exporting import export_official
from hdemucs.official.importing import import_official
from tests.family import FAMILY, SOURCES
from tests.official.counterparts import CASES

ROWS = [*CASES][: [*CASES].index("v2") + 1]  # of the paper's tables
OTHERS = ["hybrid-no-norm", "hybrid-three-banded-levels", "hybrid-mono", "waveform-own-rate"]


def package(name, *, half=False, **changes):
    """What the official `serialize_model` makes of a model."""
    theirs = CASES[name].theirs().eval()
    state = {k: p.half() if half else p for k, p in theirs.state_dict().items()}
    plain = {
        "klass": type(theirs), "args": (), "kwargs": CASES[name].kwargs, "state": state,
        "training_args": {"optim": {"lr": 3e-4}, "dset": {"sources": [*SOURCES]}},
    }  # fmt: skip
    return theirs, plain | changes


def close(ours, theirs, channels):
    mix = torch.randn(1, channels, 3001)
    expected = theirs(mix)
    atol = 1e-5 * expected.abs().max().item()
    torch.testing.assert_close(ours(mix), expected, atol=atol, rtol=0)


@pytest.mark.parametrize("name", [*ROWS, *OTHERS])
@torch.no_grad()
def test_in_and_out_again(name, tmp_path):
    """Official file -> our model -> our files -> official file -> official model."""
    theirs, content = package(name)
    torch.save(content, tmp_path / "in.th")
    ours, config, facts = import_official(tmp_path / "in.th")
    assert config == CASES[name].ours
    assert (facts["sample_rate"], facts["segment"], facts["dropped"]) == (16_000, 4, [])
    close(ours, theirs, config.audio_channels)
    save_model(tmp_path / "ours", ours, config, facts)
    export_official(tmp_path / "ours", tmp_path / "out.th")
    back = load_theirs(tmp_path / "out.th")
    close(back.eval(), theirs, config.audio_channels)
    assert (back.samplerate, back.segment) == (16_000, 4)


@torch.no_grad()
def test_half_precision_is_read(tmp_path):
    _, content = package("hybrid", half=True)
    torch.save(content, tmp_path / "half.th")
    ours, config, _ = import_official(tmp_path / "half.th")
    theirs = load_theirs(tmp_path / "half.th").eval()
    assert {p.dtype for p in ours.parameters()} == {torch.float32}
    close(ours, theirs, config.audio_channels)


@torch.no_grad()
def test_a_state_dict_with_metadata_and_odd_training_arguments(tmp_path):
    """OrderedDict with attributes, and instances of classes that are not installed here."""
    theirs, content = package("waveform")
    content["state"] = theirs.state_dict()
    content["training_args"] = Unknown(Unknown(3))
    torch.save(content, tmp_path / "odd.th")
    close(import_official(tmp_path / "odd.th")[0], theirs, 2)


class Unknown:
    """Stands for omegaconf's and other classes in real checkpoints."""

    def __init__(self, value):
        self.value = value


def test_what_the_official_loader_drops_is_told(tmp_path):
    _, content = package("waveform")
    content["kwargs"] = {**content["kwargs"], "of_another_version": 3}
    torch.save(content, tmp_path / "new.th")
    assert import_official(tmp_path / "new.th")[2]["dropped"] == ["of_another_version"]


UNSUPPORTED = {
    "hybrid_old": {"hybrid_old": True},
    "wiener_iters": {"wiener_iters": 2, "end_iters": 2, "cac": False},
    "channels_time": {"channels_time": 16},
    "rewrite": {"rewrite": False},
    "dconv_mode": {"dconv_mode": 3},
    "depth": {"depth": 10**9},
}


@pytest.mark.parametrize("name", UNSUPPORTED)
def test_other_models_are_refused_by_name(name, tmp_path):
    _, content = package("hybrid")
    content["kwargs"] = {**content["kwargs"], **UNSUPPORTED[name]}
    torch.save(content, tmp_path / "other.th")
    with pytest.raises(Refusal, match=rf"other\.th: its model has {name}="):
        import_official(tmp_path / "other.th")


def test_other_classes_are_refused_by_name(tmp_path):
    _, content = package("hybrid", klass=HTDemucs)
    torch.save(content, tmp_path / "ht.th")
    with pytest.raises(Refusal, match=r"holds a demucs\.htdemucs\.HTDemucs"):
        import_official(tmp_path / "ht.th")


def test_a_model_that_the_official_package_has_not_is_not_exported(tmp_path):
    config = FAMILY["waveform-relu"]
    save_model(tmp_path, build(config, seed=0), config, {"sample_rate": 16_000})
    with pytest.raises(Refusal, match="another activation"):
        export_official(tmp_path, tmp_path / "out.th")
    assert not (tmp_path / "out.th").exists()


def test_a_model_of_an_unknown_sample_rate_is_not_exported(tmp_path):
    save_model(tmp_path, build(FAMILY["v2"], seed=0), FAMILY["v2"], {})
    with pytest.raises(Refusal, match=r"model\.json: facts\.sample_rate: is missing"):
        export_official(tmp_path, tmp_path / "out.th")


# --- hostile files -------------------------------------------------------------------------


def write(path, pickled, storages=(), compress=zipfile.ZIP_STORED):
    """A file of torch.save's with any pickle in it."""
    with zipfile.ZipFile(path, "w", compress) as file:
        file.writestr("archive/data.pkl", pickled)
        file.writestr("archive/byteorder", "little")
        for key, content in enumerate(storages):
            file.writestr(f"archive/data/{key}", content)


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
    with pytest.raises(Refusal, match=r"evil\.th: is refused: its pickle (names|calls)"):
        import_official(tmp_path / "evil.th")
    assert not witness.exists()


def global_(module, name):
    return f"c{module}\n{name}\n".encode()


SYSTEM = global_("os", "system")
LARGE = struct.pack("<I", 2**31 - 1)
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
    "no end": b"\x80\x02}",
    "nothing": b"",
    "noise": bytes(range(256)),
}


@pytest.mark.parametrize("name", CRAFTED)
def test_crafted_pickles_are_refused(name, tmp_path):
    write(tmp_path / "evil.th", CRAFTED[name])
    with pytest.raises(Refusal, match=r"evil\.th: is refused") as refusal:
        import_official(tmp_path / "evil.th")
    assert "\n" not in str(refusal.value)


def test_deep_nesting_does_not_exhaust_the_stack(tmp_path):
    write(tmp_path / "deep.th", b"\x80\x02" + b"]" * 20_000 + b"a" * 19_999 + b".")
    with pytest.raises(Refusal, match="no package of the official demucs"):
        import_official(tmp_path / "deep.th")


def tensor(numel, size, stride, kind=b"ctorch\nFloatStorage\n", key=b"0"):
    """A pickle of one tensor, with any numbers."""

    def integers(values):
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
    "of objects": tensor(4, [4], [1], kind=b"cnumpy\nObjectStorage\n"),
}


@pytest.mark.parametrize("name", TENSORS)
def test_impossible_tensors_are_refused(name, tmp_path):
    """In the place of a good file's weight."""
    _, content = package("v2")
    key = "encoder.0.0.bias"
    pickled = pickle.dumps({**content, "klass": None, "state": {key: "WEIGHT"}}, 2)
    weight = b"X\x06\x00\x00\x00WEIGHT"
    at = pickled.index(weight)
    after = (
        at + len(weight) + (2 if pickled[at + len(weight) : at + len(weight) + 1] == b"q" else 0)
    )
    pickled = pickled[:at] + TENSORS[name] + pickled[after:]
    pickled = pickled.replace(b"klassq\x01N", b"klassq\x01cdemucs.demucs\nDemucs\n")
    write(tmp_path / "evil.th", pickled, [bytes(16)])
    with pytest.raises(Refusal, match=r"evil\.th: is refused: (a tensor|its part)"):
        import_official(tmp_path / "evil.th")


def test_a_bomb_is_not_unpacked(tmp_path):
    write(tmp_path / "bomb.th", bytes(50_000_000), compress=zipfile.ZIP_DEFLATED)
    with pytest.raises(Refusal, match=r"larger than any model's|compressed"):
        import_official(tmp_path / "bomb.th")


def test_missing_and_other_files(tmp_path):
    with pytest.raises(Refusal, match="is missing"):
        import_official(tmp_path / "none.th")
    (tmp_path / "text.th").write_text("no checkpoint")
    with pytest.raises(Refusal, match=r"no file of torch\.save's"):
        import_official(tmp_path / "text.th")
    buffer = io.BytesIO()
    torch.save({"klass": HDemucs}, buffer)
    (tmp_path / "cut.th").write_bytes(buffer.getvalue()[:-50])
    with pytest.raises(Refusal, match=r"cut\.th"):
        import_official(tmp_path / "cut.th")
    torch.save({"klass": HDemucs}, tmp_path / "part.th")
    with pytest.raises(Refusal, match="no package of the official demucs"):
        import_official(tmp_path / "part.th")
