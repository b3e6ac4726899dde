"""Waveform systems beside the published implementations, and their sizes as published."""

import re

import pytest
import torch
import torchaudio
from torch.nn import functional as F

from hdemucs.models import conv_tasnet, demucs_2019, dual_path_rnn, wave_u_net, wavenet
from tests.reference import demucs_2, on_path

SOURCES = ("drums", "bass", "other", "vocals")
STEREO = dict(sources=SOURCES, audio_channels=2)
MUSIC = dict(
    STEREO, kind="conv_tasnet", skip=None, bias=False, input_norm="frame", mask="relu",
    rectify=True, edges="cut", initial="xavier", kernel=3,
)  # fmt: skip
SPEECH = dict(
    kind="conv_tasnet", audio_channels=1, bias=True, input_norm="global", mask="sigmoid",
    rectify=False, edges="padded", initial="torch", kernel=3,
)  # fmt: skip
PAPER_SPEECH = dict(
    SPEECH, basis=512, window=16, bottleneck=128, hidden=512, dilations=8, repeats=3
)
DPRNN = dict(STEREO, kind="dual_path_rnn", basis=256, window=64, features=128, chunk=106, blocks=6)
UNET = dict(
    kind="wave_u_net", audio_channels=2, sample_rate=22_050, rate=22_050, levels=12, channels=24,
    kernel=15, up_kernel=5, upsampling="linear",
)  # fmt: skip
VOICE = dict(sources=("accompaniment", "vocals"), difference="accompaniment")
WAVENET = dict(
    kind="wavenet", audio_channels=1, sample_rate=16_000, rate=None, mono=True, channels=64,
    stacks=4, dilations=10, head=(2048, 256), difference="other",
)  # fmt: skip
DEMUCS = dict(STEREO, kind="demucs_2019", depth=6, lstm_layers=2)


def conv_tasnet_config(**changes):
    size = dict(basis=256, window=20, bottleneck=256, hidden=512, dilations=10, repeats=4)
    return conv_tasnet.ConvTasNetConfig(**{**MUSIC, **size, **changes})


def speech_config(**changes):
    return conv_tasnet.ConvTasNetConfig(**{**PAPER_SPEECH, "skip": 128, **changes})


def dual_path_config(**changes):
    return dual_path_rnn.DualPathConfig(**{**DPRNN, "hidden": 128, **changes})


def wave_u_net_config(**changes):
    return wave_u_net.WaveUNetConfig(**{**UNET, **changes})


def wavenet_config(**changes):
    return wavenet.WaveNetConfig(**{**WAVENET, "sources": SOURCES, **changes})


def demucs_config(**changes):
    return demucs_2019.Demucs2019Config(**{**DEMUCS, **changes})


# Where nothing else is said, counted on the published implementation.
COUNTS = {
    "Conv-TasNet for music (arXiv 1911.13254)": (conv_tasnet, conv_tasnet_config(), 10_977_872),
    "its class' default of 8 dilations": (
        conv_tasnet, conv_tasnet_config(dilations=8), 8_852_032,
    ),
    "Conv-TasNet for 2 speakers (torchaudio)": (
        conv_tasnet, speech_config(sources=("one", "two")), 4_984_881,
    ),
    "for 4": (conv_tasnet, speech_config(sources=SOURCES), 5_116_977),
    "DPRNN for music (asteroid's masker)": (dual_path_rnn, dual_path_config(), 3_798_913),
    "DPRNN, Conv-TasNet's size": (dual_path_rnn, dual_path_config(hidden=256), 10_508_161),
    "Wave-U-Net M4": (wave_u_net, wave_u_net_config(**VOICE), 10_263_390),
    "Wave-U-Net M5": (
        wave_u_net, wave_u_net_config(**VOICE, upsampling="learned"), 10_265_550,
    ),
    "Wave-U-Net M6": (
        wave_u_net, wave_u_net_config(sources=SOURCES, difference="vocals"), 10_263_498,
    ),
    "WaveNet, several sources": (wavenet, wavenet_config(), 3_277_763),
    "WaveNet, voice": (
        wavenet, wavenet_config(sources=("other", "vocals")), 3_277_249,
    ),
    "Demucs v1": (demucs_2019, demucs_config(channels=100, upsample=False), 648_548_208),
    "Demucs v2": (demucs_2019, demucs_config(channels=64, upsample=True), 265_679_496),
    "Demucs v2 with 48 channels": (
        demucs_2019, demucs_config(channels=48, upsample=True), 149_462_504,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", COUNTS)
def test_parameters_count_as_published(name):
    family, config, count = COUNTS[name]
    with torch.device("meta"):
        model = family.build(config)
    assert sum(p.numel() for p in model.parameters()) == count


def assert_same_function(ours, theirs, mix, names):
    """Equal outputs and gradients in double precision, once ours has their weights."""
    ours, theirs, mix = ours.double(), theirs.double(), mix.double()
    with torch.no_grad():
        for name, parameter in ours.named_parameters():
            parameter.copy_(shaped(names(name, dict(theirs.named_parameters())), parameter))
    mixes = [mix.clone().requires_grad_() for _ in range(2)]
    one, other = ours.centre(mixes[0]), theirs(mixes[1])
    other = other.reshape(one.shape)
    direction = torch.randn_like(other)
    (one * direction).sum().backward()
    (other * direction).sum().backward()
    assert_near(one, other)
    assert_near(mixes[0].grad, mixes[1].grad)
    gradients = {name: parameter.grad for name, parameter in theirs.named_parameters()}
    for name, parameter in ours.named_parameters():
        assert_near(parameter.grad, shaped(names(name, gradients), parameter), name)


def shaped(theirs, ours):
    """Their tensor in our shape; a linear layer where we have a convolution is written across."""
    return (theirs.T if theirs.dim() == 2 and ours.dim() == 3 else theirs).reshape(ours.shape)


def assert_near(ours, theirs, what=""):
    bound = 1e-7 * max(1e-3, theirs.abs().max().item())
    error = (ours - theirs).abs().max().item()
    assert error <= bound, f"{what}: {error:.2g} of {theirs.abs().max().item():.2g}"


def names(*rules):
    """Ours -> theirs by the first (pattern, replacement) that fits; a norm's leaf is renamed."""

    def name(ours, theirs):
        pattern, replacement = next(rule for rule in rules if re.fullmatch(rule[0], ours))
        there = re.sub(f"^{pattern}$", replacement, ours)
        return theirs[there] if there in theirs else theirs[gains(there)]

    return name


def gains(name):
    """Norms call their weight gamma and their bias beta."""
    return re.sub("weight$", "gamma", re.sub("bias$", "beta", name))


def tasnet_names(config):
    """Names of tasnet.py."""
    places = {
        "enter": "0", "enter_activation": "1", "enter_norm": "2",
        "depthwise": "3.net.0", "activation": "3.net.1", "norm": "3.net.2",
    }  # fmt: skip

    def within(index, place, leaf):
        repeat, dilation = divmod(int(index), config.dilations)
        return f"separator.network.2.{repeat}.{dilation}.net.{place}.{leaf}"

    return names(
        (r"encoder\.(.*)", r"encoder.conv1d_U.\1"),
        (r"masker\.norm\.(.*)", r"separator.network.0.\1"),
        (r"masker\.enter\.(.*)", r"separator.network.1.\1"),
        (r"masker\.leave\.(.*)", r"separator.network.3.\1"),
        (r"masker\.body\.leave\.(\d+)\.(.*)", lambda m: within(m[1], "3.net.3", m[2])),
        (
            r"masker\.body\.blocks\.(\d+)\.(\w+)\.(.*)",
            lambda m: within(m[1], places[m[2]], m[3]),
        ),
        (r"decoder\.(.*)", r"decoder.basis_signals.\1"),
    )


@pytest.mark.parametrize("length", [403, 400, 11])
def test_conv_tasnet_for_music(length):
    """Beside demucs 2.0.3; a mixture shorter than a window is more than the package takes."""
    config = conv_tasnet_config(
        basis=16, window=8, bottleneck=12, hidden=20, dilations=3, repeats=2
    )
    theirs = demucs_2("tasnet").ConvTasNet(SOURCES, N=16, L=8, B=12, H=20, P=3, X=3, R=2)
    mix = torch.randn(2, 2, length)
    assert_same_function(conv_tasnet.build(config), theirs, mix, tasnet_names(config))


def test_conv_tasnet_starts_as_the_official_one():
    """Every tensor's mean and spread, gains and offsets of norms included."""
    size = dict(basis=128, window=20, bottleneck=160, hidden=192, dilations=2, repeats=1)
    config = conv_tasnet_config(**size)
    theirs = demucs_2("tasnet").ConvTasNet(SOURCES, N=128, L=20, B=160, H=192, P=3, X=2, R=1)
    theirs_of = tasnet_names(config)
    for name, ours in conv_tasnet.build(config).named_parameters():
        expected = theirs_of(name, dict(theirs.named_parameters()))
        if ours.numel() > 1:
            noise = 5 * expected.std() / ours.numel() ** 0.5
            assert abs(ours.mean() - expected.mean()) < 2 * noise, name
            assert abs(ours.std() - expected.std()) < noise, name


PARTS = ("enter", "enter_activation", "enter_norm", "depthwise", "activation", "norm")
SPEECH_NAMES = names(
    (r"masker\.norm\.(.*)", r"mask_generator.input_norm.\1"),
    (r"masker\.enter\.(.*)", r"mask_generator.input_conv.\1"),
    (r"masker\.leave\.(.*)", r"mask_generator.output_conv.\1"),
    (r"masker\.body\.activation\.(.*)", r"mask_generator.output_prelu.\1"),
    (r"masker\.body\.leave\.(.*)\.(.*)", r"mask_generator.conv_layers.\1.res_out.\2"),
    (r"masker\.body\.skip\.(.*)\.(.*)", r"mask_generator.conv_layers.\1.skip_out.\2"),
    (
        r"masker\.body\.blocks\.(.*)\.(.*)\.(.*)",
        lambda m: f"mask_generator.conv_layers.{m[1]}.conv_layers.{PARTS.index(m[2])}.{m[3]}",
    ),
    (r"(.*)", r"\1"),
)


@pytest.mark.parametrize(("length", "mask"), [(403, "sigmoid"), (400, "relu")])
def test_conv_tasnet_for_speech(length, mask):
    config = speech_config(
        sources=SOURCES, basis=16, window=8, bottleneck=12, hidden=20, dilations=3, repeats=2,
        skip=12, mask=mask,
    )  # fmt: skip
    theirs = torchaudio.models.ConvTasNet(4, 8, 16, 3, 12, 20, 3, 2, mask)
    assert_same_function(conv_tasnet.build(config), theirs, torch.randn(2, 1, length), SPEECH_NAMES)


class Framed(torch.nn.Module):
    """asteroid's masker in Conv-TasNet's frame."""

    def __init__(self, ours, masker):
        super().__init__()
        self.ours, self.masker = ours, masker

    def forward(self, mix):
        encoded = F.relu(F.conv1d(mix, self.ours.encoder.weight, stride=self.ours.hop))
        masked = (self.masker(encoded) * encoded[:, None]).flatten(0, 1)
        decoded = F.conv_transpose1d(masked, self.ours.decoder.weight, stride=self.ours.hop)
        return F.pad(decoded, (0, mix.shape[-1] - decoded.shape[-1]))


DUAL_PATH_NAMES = names(
    (r"masker\.norm\.(.*)", r"masker.bottleneck.0.\1"),
    (r"masker\.enter\.(.*)", r"masker.bottleneck.1.\1"),
    (r"masker\.activation\.(.*)", r"masker.first_out.0.\1"),
    (r"masker\.split\.(.*)", r"masker.first_out.1.\1"),
    (r"masker\.value\.(.*)", r"masker.net_out.0.\1"),
    (r"masker\.gate\.(.*)", r"masker.net_gate.0.\1"),
    (r"masker\.leave\.(.*)", r"masker.mask_net.\1"),
    (r"masker\.blocks\.(\d+)\.along\.lstm\.(.*)", r"masker.net.\1.intra_RNN.rnn.\2"),
    (r"masker\.blocks\.(\d+)\.across\.lstm\.(.*)", r"masker.net.\1.inter_RNN.rnn.\2"),
    (r"masker\.blocks\.(\d+)\.along\.(.*)", r"masker.net.\1.intra_\2"),
    (r"masker\.blocks\.(\d+)\.across\.(.*)", r"masker.net.\1.inter_\2"),
    (r"(.*)", r"ours.\1"),
)


@pytest.mark.parametrize("length", [403, 40])
def test_dual_path_rnn(length):
    with on_path("asteroid", "asteroid-filterbanks"):
        from asteroid.masknn import DPRNN as Theirs  # noqa: N811
    config = dual_path_config(basis=8, window=8, features=6, hidden=5, chunk=10, blocks=2)
    ours = dual_path_rnn.build(config)
    masker = Theirs(8, 4, bn_chan=6, hid_size=5, chunk_size=10, n_repeats=2, mask_act="relu")
    frame = Framed(torch.nn.Module(), masker)
    frame.ours.hop = ours.hop
    frame.ours.encoder = torch.nn.Conv1d(2, 8, 8, bias=False)
    frame.ours.decoder = torch.nn.ConvTranspose1d(8, 2, 8, bias=False)
    assert_same_function(ours, frame, torch.randn(2, 2, length), DUAL_PATH_NAMES)


DEMUCS_NAMES = names(
    (r"bottleneck\.(.*)", r"lstm.\1"),
    (r"encoder\.(\d+)\.down\.(.*)", r"encoder.\1.0.\2"),
    (r"encoder\.(\d+)\.rewrite\.(.*)", r"encoder.\1.2.\2"),
    (r"decoder\.(\d+)\.rewrite\.(.*)", r"decoder.\1.0.\2"),
    (r"decoder\.(\d+)\.up\.(.*)", r"decoder.\1.2.\2"),
)


@pytest.mark.parametrize("upsample", [False, True])
def test_demucs_of_2019(upsample):
    """At lengths of their own choice both drop the same samples at the ends."""
    config = demucs_config(channels=4, depth=3, lstm_layers=1, upsample=upsample)
    theirs = demucs_2("model").Demucs(
        list(SOURCES), channels=4, depth=3, lstm_layers=1, resample=upsample
    )
    ours = demucs_2019.build(config)
    assert [ours.valid_length(n) for n in range(1, 2000, 7)] == [
        theirs.valid_length(n) for n in range(1, 2000, 7)
    ]
    mix = torch.randn(2, 2, ours.valid_length(1000))
    assert_same_function(ours, theirs, mix, DEMUCS_NAMES)


def test_demucs_of_2019_starts_as_the_official_one():
    config = demucs_config(channels=16, depth=2, upsample=True)
    theirs = dict(demucs_2("model").Demucs(list(SOURCES), channels=16, depth=2).named_parameters())
    for name, ours in demucs_2019.build(config).named_parameters():
        expected = DEMUCS_NAMES(name, theirs)
        assert abs(ours.std() - expected.std()) < 5 * expected.std() / ours.numel() ** 0.5, name


def test_lengths_of_demucs():
    """For 10 s at 44.1 kHz (train.py of demucs 2.0.3)."""
    v1 = demucs_2019.build(demucs_config(channels=1, upsample=False))
    v2 = demucs_2019.build(demucs_config(channels=1, upsample=True))
    for model, sizes in ((v1, (451_924, 441_004)), (v2, (447_146, 441_686))):
        assert model.valid_length(441_000) == sizes[0]
        with torch.no_grad():
            assert model.centre(torch.zeros(1, 2, sizes[0])).shape[-1] == sizes[1]


def test_lengths_of_wave_u_net():
    """The paper's table 1 with context: 147,443 samples in, 16,389 out."""
    config = wave_u_net_config(sources=SOURCES, difference="vocals", channels=1)
    model = wave_u_net.build(config)
    assert model.valid_length(16_384) == 147_443
    with torch.no_grad():
        assert model.centre(torch.zeros(1, 2, 147_443)).shape == (1, 4, 2, 16_389)


def test_lengths_of_wavenet():
    """The blocks see 8185 samples for one; three convolutions of width 3 are around them."""
    model = wavenet.build(wavenet_config(channels=1, head=(1, 1)))
    assert model.valid_length(1601) == 1601 + 8184 + 6


def slow_wave_u_net(mix, model):
    """The paper's section 3.1, step by step: [channel, n] -> [source, channel, m]."""

    def conv(x, layer):
        weight, bias = layer.weight, layer.bias
        steps = range(x.shape[-1] - weight.shape[-1] + 1)
        windows = [x[:, i : i + weight.shape[-1]] for i in steps]
        return torch.stack([(weight * w).sum((1, 2)) + bias for w in windows], dim=-1)

    def leaky(x):
        return torch.where(x > 0, x, 0.2 * x)

    def cropped(x, like):
        lost = x.shape[-1] - like.shape[-1]
        return x[:, lost // 2 : x.shape[-1] - lost // 2]

    x, kept = mix, []
    for layer in model.down[:-1]:
        kept.append(leaky(conv(x, layer)))
        x = torch.stack([kept[-1][:, i] for i in range(0, kept[-1].shape[-1], 2)], dim=-1)
    x = leaky(conv(x, model.down[-1]))
    for up in model.up:
        twice = F.interpolate(x[None], size=2 * x.shape[-1] - 1, mode="linear", align_corners=True)[
            0
        ]
        x = leaky(conv(torch.cat([cropped(kept.pop(), twice), twice]), up.conv))
    middle = cropped(mix, x)
    out = [torch.tanh(conv(torch.cat([middle, x]), head)) for head in model.heads]
    return torch.stack([*out, middle - sum(out)])


@torch.no_grad()
def test_wave_u_net_is_the_papers_algorithm():
    config = wave_u_net_config(
        sources=SOURCES, difference="vocals", levels=2, channels=3, kernel=5, up_kernel=3
    )
    model = wave_u_net.build(config).double().train()
    mix = torch.randn(2, model.valid_length(20)).double()
    expected = slow_wave_u_net(mix, model)
    torch.testing.assert_close(model.centre(mix[None])[0], expected)


def test_wave_u_net_learns_where_between():
    """M5: a new sample is the left one by sigmoid(w), else the right one."""
    upsample = wave_u_net.Upsample(1, learned=True)
    with torch.no_grad():
        upsample.weight.fill_(1.0)
    share = torch.sigmoid(torch.tensor(1.0)).item()
    expected = [0.0, 2 * (1 - share), 2.0, 2 * share + 6 * (1 - share), 6.0]
    x = torch.tensor([[[0.0, 2.0, 6.0]]])
    torch.testing.assert_close(upsample(x), torch.tensor([[expected]]))


def padded_wavenet(mix, model):
    """The original: zeros at every convolution's ends, and the blocks' reach cut off the skips."""

    def same(x, layer, dilation=1):
        weight, bias = layer.weight, layer.bias
        reach = (weight.shape[-1] - 1) * dilation // 2
        return F.conv1d(x, weight, bias, padding=reach, dilation=dilation)

    x = same(mix, model.enter)
    total = 0
    for block in model.blocks:
        value, gate = same(x, block.gated, block.gated.dilation[0]).chunk(2, dim=1)
        residual, skip = same(value.tanh() * gate.sigmoid(), block.leave).chunk(2, dim=1)
        x, total = x + residual, total + skip
    reach = model.context // 2
    y = total[..., reach:-reach].relu()
    y = same(same(y, model.head[1]).relu(), model.head[3])
    return same(y, model.head[4])


@torch.no_grad()
def test_wavenet_is_the_original_where_that_sees_no_zeros():
    sources = ("vocals", "drums", "bass", "other")
    config = wavenet_config(sources=sources, channels=4, stacks=2, dilations=3, head=(6, 5))
    model = wavenet.WaveNet(config, 1)
    mix = torch.randn(2, 1, 100)
    heads = padded_wavenet(mix, model)
    estimates = model.centre(mix)
    assert estimates.shape[-1] == heads.shape[-1] - 6
    torch.testing.assert_close(estimates[:, :3, 0], heads[..., 3:-3])
    torch.testing.assert_close(estimates.sum(1), mix[..., 17:-17])
