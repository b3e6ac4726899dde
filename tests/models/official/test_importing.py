"""Official checkpoints in and out; hostile ones are in test_hostile.py."""

import io

import pytest
import torch
from demucs.hdemucs import HDemucs
from demucs.htdemucs import HTDemucs
from demucs.states import load_model as load_theirs

from hdemucs.errors import UserError
from hdemucs.models.demucs.official.exporting import export_official
from hdemucs.models.demucs.official.importing import import_official
from hdemucs.models.family import build
from hdemucs.models.store import save_model
from tests.family import FAMILY, SOURCES
from tests.models.official.counterparts import CASES

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
    "channels_time": {"channels_time": 16},
    "dconv_mode": {"dconv_mode": 3},
    "depth": {"depth": 10**9},
    "multi_freqs": {"multi_freqs": [0.1] * 16},
}


@pytest.mark.parametrize("name", UNSUPPORTED)
def test_other_models_are_refused_by_name(name, tmp_path):
    _, content = package("hybrid")
    content["kwargs"] = {**content["kwargs"], **UNSUPPORTED[name]}
    torch.save(content, tmp_path / "other.th")
    with pytest.raises(UserError, match=rf"other\.th: its model has {name}="):
        import_official(tmp_path / "other.th")


def test_other_classes_are_refused_by_name(tmp_path):
    _, content = package("hybrid", klass=HTDemucs)
    torch.save(content, tmp_path / "ht.th")
    with pytest.raises(UserError, match=r"holds a demucs\.htdemucs\.HTDemucs"):
        import_official(tmp_path / "ht.th")


def test_a_model_that_the_official_package_has_not_is_not_exported(tmp_path):
    config = FAMILY["waveform-relu"]
    save_model(tmp_path, build(config, seed=0), config, {"sample_rate": 16_000})
    with pytest.raises(UserError, match="another activation"):
        export_official(tmp_path, tmp_path / "out.th")
    assert not (tmp_path / "out.th").exists()


def test_a_model_of_an_unknown_sample_rate_is_not_exported(tmp_path):
    save_model(tmp_path, build(FAMILY["v2"], seed=0), FAMILY["v2"], {})
    with pytest.raises(UserError, match=r"model\.json: facts\.sample_rate: is missing"):
        export_official(tmp_path, tmp_path / "out.th")


def test_missing_and_other_files(tmp_path):
    with pytest.raises(UserError, match="is missing"):
        import_official(tmp_path / "none.th")
    (tmp_path / "text.th").write_text("no checkpoint")
    with pytest.raises(UserError, match=r"no file of torch\.save's"):
        import_official(tmp_path / "text.th")
    buffer = io.BytesIO()
    torch.save({"klass": HDemucs}, buffer)
    (tmp_path / "cut.th").write_bytes(buffer.getvalue()[:-50])
    with pytest.raises(UserError, match=r"cut\.th"):
        import_official(tmp_path / "cut.th")
    torch.save({"klass": HDemucs}, tmp_path / "part.th")
    with pytest.raises(UserError, match="no package of the official demucs"):
        import_official(tmp_path / "part.th")
