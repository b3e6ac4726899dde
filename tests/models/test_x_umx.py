"""CrossNet Open-Unmix against asteroid 0.7.0 with the same weights: masks and gradients."""

import warnings

import torch
from torch.testing import assert_close

from hdemucs.models.x_umx import FAMILY, XUmxConfig
from tests.reference import on_path

with on_path("asteroid", "asteroid-filterbanks"), warnings.catch_warnings():
    warnings.simplefilter("ignore")  # deprecations in its imports
    from asteroid.models.x_umx import BrokenXUMX  # "broken" in its waveforms, not in its masks

SOURCES = ("bass", "drums", "vocals", "other")
OURS_TO_THEIRS = {
    "encode.{i}.shift": "mean_scale.input_mean_{name}",
    "encode.{i}.scale": "mean_scale.input_scale_{name}",
    "encode.{i}.linear": "layer_enc.{name}.enc.0",
    "encode.{i}.norm": "layer_enc.{name}.enc.1",
    "lstm.{i}": "layer_lstm.{name}",
    "decode.{i}.linear": "layer_dec.{name}.dec.0",
    "decode.{i}.norm": "layer_dec.{name}.dec.1",
    "decode.{i}.last.": "layer_dec.{name}.dec.3.",
    "decode.{i}.last_norm": "layer_dec.{name}.dec.4",
    "decode.{i}.scale": "mean_scale.output_scale_{name}",
    "decode.{i}.shift": "mean_scale.output_mean_{name}",
}


def config(**changes):
    plain = dict(
        kind="x_umx", sources=SOURCES, audio_channels=2, window=64, hop=16, bins=25, hidden=12,
        layers=2, dropout=0.4,
    )  # fmt: skip
    return XUmxConfig(**{**plain, **changes})


def renamed(state):
    pairs = [
        (ours.format(i=i), theirs.format(name=name))
        for i, name in enumerate(SOURCES)
        for ours, theirs in OURS_TO_THEIRS.items()
    ]

    def name(key):
        ours, theirs = next(pair for pair in pairs if key.startswith(pair[0]))
        return theirs + key.removeprefix(ours)

    return {name(key): value for key, value in state.items()}


def pair():
    torch.manual_seed(3)
    ours = FAMILY.build(config()).network
    for value in ours.state_dict().values():
        if value.is_floating_point():
            value.add_(0.3 * torch.rand_like(value))
    theirs = BrokenXUMX(
        SOURCES, window_length=64, in_chan=64, n_hop=16, hidden_size=12, nb_channels=2,
        nb_layers=2, max_bin=25,
    )  # fmt: skip
    wanted = {k for k in theirs.state_dict() if "window" not in k}
    state = renamed(ours.state_dict())
    assert state.keys() == wanted
    theirs.load_state_dict(state, strict=False)
    return ours, theirs


def test_masks_and_gradients_are_theirs():
    ours, theirs = pair()
    x = torch.rand(3, 2, 33, 10)
    frames_first = x.permute(3, 0, 1, 2)
    for module in (ours, theirs):  # batch statistics, but no dropout
        module.train()
        for child in module.modules():
            if isinstance(child, torch.nn.LSTM):
                child.dropout = 0.0
    estimate = ours(x)
    expected = frames_first * theirs.forward_masker(frames_first.clone())
    assert_close(estimate, expected.permute(2, 0, 3, 4, 1), rtol=1e-5, atol=1e-6)
    weights = torch.rand_like(estimate)
    (estimate * weights).sum().backward()
    (expected.permute(2, 0, 3, 4, 1) * weights).sum().backward()
    gradients = renamed({n: p.grad for n, p in ours.named_parameters()})
    for name, parameter in theirs.named_parameters():
        if parameter.requires_grad:
            assert_close(gradients[name], parameter.grad, rtol=1e-3, atol=2e-4, msg=name)


def test_in_evaluation_too():
    ours, theirs = pair()
    x = torch.rand(1, 2, 33, 7)
    frames_first = x.permute(3, 0, 1, 2)
    with torch.no_grad():  # they write into what they are given
        expected = frames_first * theirs.eval().forward_masker(frames_first.clone())
        assert_close(ours.eval()(x), expected.permute(2, 0, 3, 4, 1), rtol=1e-5, atol=1e-6)


def test_the_published_size():
    published = config(window=4096, hop=1024, bins=1487, hidden=512, layers=3)
    with torch.device("meta"):
        separator = FAMILY.build(published)
    assert sum(p.numel() for p in separator.parameters()) == 35_573_392


def test_every_source_learns_from_every_other():
    """One source's loss reaches all encoders and LSTMs, and its own decoder alone."""
    ours, _ = pair()
    ours.train()(torch.rand(2, 2, 33, 6))[:, 0].sum().backward()
    reached = {n: bool(p.grad is not None and p.grad.any()) for n, p in ours.named_parameters()}
    assert all(reached[n] for n in reached if n.startswith(("encode", "lstm", "decode.0")))
    assert not any(reached[n] for n in reached if n.startswith(("decode.1", "decode.2")))
