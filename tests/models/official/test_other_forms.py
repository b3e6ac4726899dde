"""The same models in other forms: torchaudio's state dicts, safetensors for model hubs."""

import json
from fractions import Fraction

import pytest
import torch
from demucs.hf import load_safetensors_model
from safetensors.torch import save_file
from torchaudio.models import HDemucs
from torchaudio.pipelines import HDEMUCS_HIGH_MUSDB

from hdemucs.errors import UserError
from hdemucs.models.demucs.official.importing import import_official
from hdemucs.models.demucs.official.names import official_parameters
from hdemucs.models.demucs.official.quantised import in_official_order
from hdemucs.models.demucs.official.settings import HDEMUCS, to_config
from hdemucs.models.demucs.official.torchaudio import arguments, in_use
from hdemucs.models.family import build, skeleton
from tests.family import SOURCES
from tests.models.official.counterparts import CASES
from tests.models.official.packages import TINY as TINY_MODEL
from tests.models.official.packages import levels, quantised, saved

SMALL = {
    "plain": dict(nfft=1024, depth=5, channels=8, norm_starts=3, dconv_lstm=3, dconv_attn=3),
    "deep": dict(nfft=256, depth=5, channels=8, norm_starts=2, dconv_lstm=9, dconv_attn=4),
    "mono": dict(nfft=1024, depth=4, channels=16, audio_channels=1, dconv_comp=8, dconv_depth=3),
}


@pytest.mark.parametrize("length", [2561, 5003])
@pytest.mark.parametrize("name", SMALL)
@torch.no_grad()
def test_torchaudio_s_module_with_the_same_weights_gives_the_same(name, length, tmp_path):
    theirs = HDemucs(sources=[*SOURCES], **SMALL[name]).eval()
    torch.save(theirs.state_dict(), tmp_path / "theirs.pt")
    ours, config, facts = import_official(tmp_path / "theirs.pt")
    assert config.sources == SOURCES
    assert facts["sample_rate"] == 44_100
    mix = torch.randn(1, config.audio_channels, length)
    expected = theirs(mix)
    atol = 1e-5 * expected.abs().max().item()
    torch.testing.assert_close(ours(mix), expected, atol=atol, rtol=0)


def test_the_bundle_s_full_size_has_a_place_for_every_weight():
    """HDEMUCS_HIGH_MUSDB, but for its values."""
    with torch.device("meta"):
        state = HDEMUCS_HIGH_MUSDB._model_factory_func().state_dict()
    shapes = {official: state[name].shape for name, official in in_use(state).items()}
    config = to_config(HDEMUCS, arguments(shapes), "bundle")
    assert (config.channels, config.depth, config.window, config.norm_from) == (48, 6, 4096, 4)
    assert shapes == {name: p.shape for name, p in official_parameters(skeleton(config))}


@pytest.mark.parametrize("missing", ["freq_emb.embedding.weight", "time_encoder.0.conv.weight"])
def test_a_state_dict_that_is_none_is_refused(missing, tmp_path):
    state = HDemucs(sources=[*SOURCES], **SMALL["plain"]).state_dict()
    del state[missing]
    torch.save(state, tmp_path / "broken.pt")
    with pytest.raises(UserError, match=r"broken\.pt: is refused: its weights are no Hybrid"):
        import_official(tmp_path / "broken.pt")


def flattened(state, tensors):
    """A nested state as the official tool writes it: structure and tensors apart."""
    match state:
        case torch.Tensor():
            tensors[str(len(tensors))] = state.contiguous()
            return {"_tensor": str(len(tensors) - 1)}
        case dict():
            return {"_dict": [[key, flattened(each, tensors)] for key, each in state.items()]}
        case list():
            return {"_list": [flattened(each, tensors) for each in state]}
        case tuple():
            return {"_tuple": [flattened(each, tensors) for each in state]}
        case None | str() | int() | float() | bool():
            return state
        case _:
            return {"_class": f"{state.module}.{state.name}"}


def hub(path, klass, kwargs, state, *, nested=False):
    """A file as the official package's tool for model hubs makes it."""
    tensors, metadata = dict(state), {}
    if nested:
        tensors = {}
        metadata["structure"] = json.dumps(flattened(state, tensors))
    metadata |= {"klass": klass, "args": "[]", "kwargs": json.dumps(kwargs)}
    save_file(tensors, path, metadata)
    return path


@pytest.mark.parametrize("name", ["hybrid", "mdx-c511e2ab", "v2"])
@torch.no_grad()
def test_safetensors_for_a_hub_are_read_as_the_official_package_reads_them(name, tmp_path):
    case = CASES[name]
    kwargs = {**case.kwargs, "segment": {"_type": "fraction", "numerator": 39, "denominator": 5}}
    klass = f"{case.klass.__module__}.{case.klass.__name__}"
    path = hub(tmp_path / "m.safetensors", klass, kwargs, case.theirs().state_dict())
    ours, config, facts = import_official(path)
    theirs = load_safetensors_model(path).eval()
    assert theirs.segment == Fraction(39, 5) and facts["segment"] == 7.8
    assert config == case.ours
    mix = torch.randn(1, 2, 3001)
    expected = theirs(mix)
    atol = 1e-5 * expected.abs().max().item()
    torch.testing.assert_close(ours(mix), expected, atol=atol, rtol=0)


def test_a_quantised_state_is_read_in_either_form(tmp_path):
    content = quantised()
    shapes = in_official_order(build(TINY_MODEL, seed=0))
    content["state"]["quantized"] = [levels(shape.numel()) for shape in shapes.values()]
    expected = import_official(saved(tmp_path, content))[0].state_dict()
    kwargs = {**content["kwargs"]}
    path = hub(
        tmp_path / "q.safetensors", "demucs.demucs.Demucs", kwargs, content["state"], nested=True
    )
    found = import_official(path)[0].state_dict()
    assert found.keys() == expected.keys()
    assert all(torch.equal(found[key], expected[key]) for key in expected)


TINY = {"a": torch.zeros(3)}
HOSTILE = {
    "a class of another package": ("os.system", {"sources": ["a"]}, "holds a os.system"),
    "no class": ("system", {}, "its metadata name no class"),
    "no sources": ("demucs.hdemucs.HDemucs", {}, "its model has no list of sources"),
    "more weights than bytes": (
        "demucs.hdemucs.HDemucs", {"sources": ["a"]}, "more than the file can hold",
    ),
    "a weight elsewhere": (
        "demucs.demucs.Demucs",
        {"sources": ["a"], "audio_channels": 1, "channels": 4, "depth": 2, "dconv_mode": 0},
        "more than the file can hold",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_metadata_are_refused_in_one_line(name, tmp_path):
    klass, kwargs, said = HOSTILE[name]
    path = hub(tmp_path / "evil.safetensors", klass, kwargs, TINY)
    with pytest.raises(UserError, match=said) as told:
        import_official(path)
    assert "\n" not in str(told.value)


@pytest.mark.parametrize("structure", ["[", '{"_what": 1}', "[" * 5000, '{"_dict": 3}'])
def test_hostile_structures_are_refused(structure, tmp_path):
    metadata = {"klass": "demucs.demucs.Demucs", "args": "[]", "kwargs": '{"sources": ["a"]}'}
    save_file(TINY, tmp_path / "evil.safetensors", metadata | {"structure": structure})
    with pytest.raises(UserError, match="is refused"):
        import_official(tmp_path / "evil.safetensors")


@pytest.mark.parametrize("kept", [5, 8, 9, 200, -1])
def test_a_truncated_file_is_refused(kept, tmp_path):
    case = CASES["v2"]
    path = hub(tmp_path / "m.safetensors", "demucs.demucs.Demucs", {}, case.theirs().state_dict())
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(UserError, match=r"m\.safetensors: is "):
        import_official(path)
