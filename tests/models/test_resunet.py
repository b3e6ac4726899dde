"""ResUNetDecouple+ against bytesep 0.1.1 with the same weights: blocks, then the whole."""

from types import SimpleNamespace

import pytest
import torch
from torch.testing import assert_close

from hdemucs.models.blocks.mask_and_rotation import MaskAndRotation
from hdemucs.models.resunet import FAMILY, ResUNetConfig, Unit, Up, block
from tests.reference import bytesep_stand_ins, on_path

with bytesep_stand_ins.installed(), on_path("bytesep", "torchlibrosa"):
    from bytesep.models import resunet_ismir2021 as theirs

PUBLISHED = dict(
    kind="resunet", sources=("vocals",), audio_channels=2, window=2048, hop=441,
    channels=(32, 64, 128, 256, 384, 384), over_time=5, units=4, middle=4, momentum=0.01,
)  # fmt: skip
NARROWER = 16  # times narrower than published, for the whole at a small cost
WINDOW, HOP = 128, 27


def config(**changes):
    tiny = dict(window=16, hop=4, channels=(4, 6), over_time=1, units=4, middle=1)
    return ResUNetConfig(**{**PUBLISHED, **tiny, **changes})


def test_the_published_network():
    with torch.device("meta"):
        separator = FAMILY.build(ResUNetConfig(**PUBLISHED))
    assert sum(p.numel() for p in separator.parameters()) == 102_571_278
    convolutions = [
        m for name, m in separator.named_modules()
        if isinstance(m, torch.nn.Conv2d | torch.nn.ConvTranspose2d) and "shortcut" not in name
    ]  # fmt: skip
    assert len(convolutions) == 143


UNIT = {"bn1": "norms.0", "abn2": "norms.1", "conv1": "convs.0", "conv2": "convs.1"}


def unit_names(ours, name):
    names = {f"{ours}{mine}": f"{name}{their}" for their, mine in UNIT.items()}
    return names | {f"{ours}shortcut": f"{name}shortcut"}


def block_names(ours, name, first=1):
    names = {}
    for i in range(4):
        names |= unit_names(f"{ours}{i}.", f"{name}conv_block{i + first}.")
    return names


def up_names(ours, name):
    return block_names(f"{ours}block.", name, first=2) | {
        f"{ours}norm": f"{name}bn1", f"{ours}conv": f"{name}conv1"
    }  # fmt: skip


def renamed(state, names):
    found = {}
    for key, value in state.items():
        module, _, leaf = key.rpartition(".")
        found[f"{names[module]}.{leaf}"] = value
    return found


def shaken(module, seed=1):
    """No weight at its initial value, and some of the norms' negative."""
    torch.manual_seed(seed)
    for value in module.state_dict().values():
        if value.is_floating_point() and value.dim() == 1:
            value.add_(torch.rand_like(value) - 0.3)
    for name, value in module.state_dict().items():
        if "norm" in name and name.endswith("weight"):
            value[::2] *= -1
        if name.endswith("running_var"):
            value.abs_().add_(0.5)
    return module


def same(ours, reference, names, *inputs, training):
    """Outputs, gradients of inputs and weights, and running statistics are theirs."""
    state = {k: v.clone() for k, v in ours.state_dict().items()}
    reference.load_state_dict(renamed(state, names))
    results = []
    for module in (ours.train(training), reference.train(training)):
        given = [x.clone().requires_grad_() for x in inputs]
        output = module(*[x * 1 for x in given])  # theirs writes into what it is given
        output = output[1] if isinstance(output, tuple) else output
        weights = torch.linspace(-1, 1, output.numel()).view_as(output)
        (output * weights).sum().backward()
        gradients = {n: p.grad for n, p in module.named_parameters()}
        results.append((output, [x.grad for x in given], gradients, dict(module.named_buffers())))
    (y, dx, dw, b), (theirs_y, theirs_dx, theirs_dw, theirs_b) = results
    assert_close(y, theirs_y, rtol=1e-4, atol=1e-4)
    for a, c in zip(dx, theirs_dx, strict=True):
        assert_close(a, c, rtol=1e-3, atol=1e-3)
    for name, gradient in renamed(dw, names).items():
        assert_close(gradient, theirs_dw[name], rtol=1e-3, atol=2e-3, msg=name)
    for name, buffer in renamed(b, names).items():
        if "num_batches" not in name:
            assert_close(buffer, theirs_b[name], rtol=1e-4, atol=1e-5, msg=name)


THEIR_BLOCK = dict(kernel_size=(3, 3), activation="leaky_relu", momentum=0.01)


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("outputs", [3, 5])
def test_a_unit_is_theirs(outputs, training):
    reference = theirs.ConvBlockRes(3, outputs, **THEIR_BLOCK)
    x = torch.randn(2, 3, 6, 8)
    same(shaken(Unit(3, outputs, 0.01)), reference, unit_names("", ""), x, training=training)


def test_a_block_is_theirs():
    reference = theirs.EncoderBlockRes4B(3, 5, downsample=(2, 2), **THEIR_BLOCK)
    ours = shaken(block(3, 5, config()))
    same(ours, reference, block_names("", ""), torch.randn(2, 3, 6, 8), training=True)


@pytest.mark.parametrize("scale", [(1, 2), (2, 2)])
def test_a_way_up_is_theirs(scale):
    reference = theirs.DecoderBlockRes4B(3, 5, upsample=scale, **THEIR_BLOCK)
    ours = shaken(Up(3, 5, scale, config()))
    x, skip = torch.randn(2, 3, 3, 4), torch.randn(2, 5, 3 * scale[0], 4 * scale[1])
    same(ours, reference, up_names("", ""), x, skip, training=True)


def whole_names():
    names = {"norm": "bn0", "last": "after_conv2"}
    for i in range(6):
        names |= block_names(f"inward.{i}.", f"encoder_block{i + 1}.")
        names |= up_names(f"outward.{i}.", f"decoder_block{i + 1}.")
    for i, letter in enumerate("abcd"):
        names |= block_names(f"middle.{i}.", f"conv_block7{letter}.")
    return names | block_names("after.", "after_conv_block1.")


@pytest.fixture
def their_network(monkeypatch):
    """Their whole model, with fewer channels in each of its blocks and a shorter window."""
    short = dict(n_fft=WINDOW, hop_length=HOP, win_length=WINDOW)
    transforms = [theirs.STFT(**short), theirs.ISTFT(**short)]
    for name, transform in zip(("STFT", "ISTFT"), transforms, strict=True):
        monkeypatch.setattr(theirs, name, lambda transform=transform, **_: transform)
    with torch.device("meta"):  # its own sizes are not needed
        network = theirs.ResUNet143_DecouplePlusInplaceABN_ISMIR2021(2, 1)
    network.bn0 = torch.nn.BatchNorm2d(WINDOW // 2 + 1)
    network.after_conv2 = torch.nn.Conv2d(32 // NARROWER, 8, 1)
    for name, child in list(network.named_children()):
        if isinstance(child, theirs.EncoderBlockRes4B):
            sizes = child.conv_block1.conv1.weight.shape[1::-1]
            setattr(network, name, narrower(type(child), sizes, downsample=child.downsample))
        elif isinstance(child, theirs.DecoderBlockRes4B):
            sizes = child.conv1.weight.shape[:2]
            setattr(network, name, narrower(type(child), sizes, upsample=child.stride))
    return network


def narrower(make, sizes, **others):
    return make(*(n // NARROWER if n >= NARROWER else n for n in sizes), **others, **THEIR_BLOCK)


def test_the_whole_is_theirs(their_network):
    channels = tuple(n // NARROWER for n in PUBLISHED["channels"])
    ours = FAMILY.build(config(window=WINDOW, hop=HOP, channels=channels, over_time=5, middle=4))
    (one,) = ours.network.sources
    state = renamed(shaken(one).state_dict(), whole_names())
    wrong = their_network.load_state_dict(state, strict=False)
    assert not wrong.unexpected_keys
    assert all("stft" in key for key in wrong.missing_keys)
    mix = torch.randn(2, 2, 40 * HOP + 5)
    with torch.no_grad():
        expected = their_network.eval()({"waveform": mix})["waveform"]
        estimate = ours.eval()(mix)
    assert_close(estimate[:, 0], expected, rtol=1e-3, atol=1e-3 * expected.abs().max().item())


def test_maps_become_spectrograms_as_theirs():
    """At random maps: the inverse transform is left out of both."""
    torch.manual_seed(2)
    z = torch.randn(2, 2, 9, 5, dtype=torch.complex64)
    maps = 2 * torch.randn(2, 3, 2, 4, 9, 5)
    host = SimpleNamespace(target_sources_num=3, input_channels=2, K=4)
    parts = []
    host.istft = lambda real, imag, _: parts.append((real, imag)) or torch.zeros(12, 7)
    size = z.abs()
    to_wav = theirs.ResUNet143_DecouplePlusInplaceABN_ISMIR2021.feature_maps_to_wav
    to_wav(host, maps.mT.flatten(1, 3), size.mT, (z.imag / size).mT, (z.real / size).mT, 7)
    real, imag = (part.view(2, 3, 2, 5, 9).mT for part in parts[0])
    assert_close(MaskAndRotation().spectrograms(maps, z), torch.complex(real, imag))


def test_what_the_network_leaves_out_is_silent_and_has_a_gradient():
    separator = FAMILY.build(config())
    mix = torch.randn(1, 2, 50, requires_grad=True)
    z = separator.spectrograms(separator.stft(mix))
    assert z[..., -1, :].abs().max() == 0
    z.abs().square().sum().backward()
    assert mix.grad.isfinite().all()
    gradients = [p.grad for p in separator.parameters()]
    assert all(g is not None and g.isfinite().all() for g in gradients)


def test_levels_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="halve"):
        config(channels=(4, 4, 4, 4))
