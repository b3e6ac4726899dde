"""LaSAFT against a forward pass written a second time, in NumPy, from the papers' equations."""

import numpy as np
import pytest
import torch
from numpy.lib.stride_tricks import sliding_window_view
from torch.testing import assert_close

from hdemucs.models.lasaft.network import FAMILY, LasaftConfig

SOURCES = ("vocals", "drums", "bass", "other")
BASE = dict(
    kind="lasaft", transform="lasaft", sources=SOURCES, audio_channels=2, window=2048, hop=1024,
    channels=24, levels=3, layers=5, latent=6, key=32, embedding=32, squeeze=16, narrowest=16,
    dropout=0.5,
)  # fmt: skip
TINY = dict(
    window=16, hop=4, channels=3, levels=2, layers=2, latent=3, key=4, embedding=5, squeeze=2,
    narrowest=2,
)  # fmt: skip


def config(**changes):
    return LasaftConfig(**{**BASE, **TINY, **changes})


LIGHT = dict(transform="lightsaft")
PUBLISHED = {
    "base": ({}, 8_424_028),
    "large": (dict(window=4096, levels=4, embedding=64), 31_541_908),
    "LightSAFT": (LIGHT, 2_374_236),
    "LightSAFT-Net": (dict(**LIGHT, channels=16, latent=16, key=64, embedding=64), 3_874_324),
}


@pytest.mark.parametrize("size", PUBLISHED)
def test_a_published_network_has_as_many_parameters(size):
    changes, count = PUBLISHED[size]
    with torch.device("meta"):
        separator = FAMILY.build(LasaftConfig(**{**BASE, **changes}))
    assert sum(p.numel() for p in separator.parameters()) == count


def norm(x, state, name, axis=1):
    """Batch norm in evaluation: by its running statistics."""
    shape = [-1 if i == axis else 1 for i in range(x.ndim)]
    s = {key: state[f"{name}.{key}"].reshape(shape) for key in ("running_mean", "running_var")}
    x = (x - s["running_mean"]) / np.sqrt(s["running_var"] + 1e-5)
    if f"{name}.weight" in state:
        x = x * state[f"{name}.weight"].reshape(shape) + state[f"{name}.bias"].reshape(shape)
    return x


def conv(x, state, name, padding):
    weight, bias = state[f"{name}.weight"], state[f"{name}.bias"]
    x = np.pad(x, [(0, 0), (0, 0), *[(p, p) for p in padding]])
    windows = sliding_window_view(x, weight.shape[2:], (2, 3))
    return np.einsum("bcijuv,dcuv->bdij", windows, weight) + bias[:, None, None]


def halved(x, state, name):
    b, c, t, f = x.shape
    blocks = x.reshape(b, c, t // 2, 2, f // 2, 2)
    x = np.einsum("bctufv,dcuv->bdtf", blocks, state[f"{name}.0.weight"])
    return norm(x + state[f"{name}.0.bias"][:, None, None], state, f"{name}.1")


def doubled(x, state, name):
    b, _, t, f = x.shape
    x = np.einsum("bctf,cduv->bdtufv", x, state[f"{name}.0.weight"])
    x = x.reshape(b, -1, 2 * t, 2 * f) + state[f"{name}.0.bias"][:, None, None]
    return norm(x, state, f"{name}.1")


def relu(x):
    return np.maximum(x, 0)


def softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def frequencies(x, state, name):
    return relu(norm(x @ state[f"{name}.linear.weight"].T, state, f"{name}.norm"))


def lasaft(x, shares, state, name):
    """sum over s of a_s (relu(norm(W2 relu(norm(W1 x)))))[..., s]"""
    v = frequencies(frequencies(x, state, f"{name}.narrow"), state, f"{name}.widen")
    latent = shares.shape[-1]
    return sum(shares[:, s, None, None, None] * v[..., s::latent] for s in range(latent))


def lightsaft(x, shares, state, name):
    """relu(norm(W2 sum over s of a_s relu(norm(W1 x))_s))"""
    v = frequencies(x, state, f"{name}.narrow")
    latent = shares.shape[-1]
    width = v.shape[-1] // latent
    parts = [v[..., s * width : (s + 1) * width] for s in range(latent)]
    mixed = sum(shares[:, s, None, None, None] * part for s, part in enumerate(parts))
    return frequencies(mixed, state, f"{name}.widen")


def block(x, wanted, state, name, transform, gate=None):
    for i in range(TINY["layers"]):
        layer = f"{name}.convolutions.layers.{i}"
        y = relu(norm(conv(x, state, f"{layer}.0", (1, 1)), state, f"{layer}.1"))
        x = np.concatenate([y, x], 1)
    if gate is not None:
        matrix, bias = gate
        modulated = np.einsum("bctf,bcd->bdtf", y, matrix) + bias[:, :, None, None]
        y = y / (1 + np.exp(-modulated))
    attention = f"{name}.transform.attention"
    query = wanted @ state[f"{attention}.query.weight"].T + state[f"{attention}.query.bias"]
    keys = state[f"{attention}.keys"]
    shares = softmax(query @ keys / np.sqrt(len(keys)))
    return y + transform(y, shares, state, f"{name}.transform")


def gates(ids, state, levels, channels):
    def linear(h, name):
        return h @ state[f"{name}.weight"].T + state[f"{name}.bias"]

    wanted = state["conditions.embedding.weight"][ids]
    h = relu(linear(wanted, "conditions.hidden.0"))
    for first, second in ((2, 5), (6, 9)):
        h = relu(linear(h, f"conditions.hidden.{first}"))
        h = norm(h, state, f"conditions.hidden.{second}")
    matrices = norm(linear(h, "conditions.matrices.0"), state, "conditions.matrices.1")
    biases = norm(linear(h, "conditions.biases.0"), state, "conditions.biases.1")
    matrices = matrices.reshape(-1, levels, channels, channels)
    return wanted, matrices, biases.reshape(-1, levels, channels)


def forward(x, ids, state, transform):
    """[b, part, t, f] and sources' indices -> [b, part, t, f]: figure 3 of the paper."""
    levels = TINY["levels"]
    wanted, matrices, biases = gates(ids, state, levels, TINY["channels"])
    x = relu(norm(conv(x, state, "first.0", (0, 0)), state, "first.1"))
    skips = []
    for i in range(levels):
        x = block(x, wanted, state, f"inward.{i}", transform)
        skips.append(x)
        x = halved(x, state, f"down.{i}")
    x = block(x, wanted, state, "middle", transform)
    for i in range(levels):
        x = np.concatenate([doubled(x, state, f"up.{i}"), skips.pop()], 1)
        gate = (matrices[:, i], biases[:, i])
        x = block(x, wanted, state, f"outward.{i}", transform, gate)
    return conv(x, state, "last", (0, 1))


@pytest.mark.parametrize("transform", [lasaft, lightsaft])
def test_it_is_the_forward_pass_of_the_paper(transform):
    torch.manual_seed(1)
    network = FAMILY.build(config(transform=transform.__name__)).eval().network
    for value in network.state_dict().values():
        if value.is_floating_point():
            value.add_(0.3 * torch.rand_like(value))
    state = {k: v.double().numpy() for k, v in network.state_dict().items()}
    x = torch.randn(4, 4, 9, 8)
    ids = torch.tensor([2, 0, 3, 3])
    with torch.no_grad():
        ours = network.of(x, ids)
    expected = forward(x.mT.double().numpy(), ids.numpy(), state, transform)
    assert_close(ours.double(), torch.as_tensor(expected).mT, rtol=1e-4, atol=1e-4)


def test_all_sources_are_those_that_are_asked_for_one_by_one():
    torch.manual_seed(1)
    network = FAMILY.build(config()).eval().network
    x = torch.randn(2, 4, 9, 7)
    with torch.no_grad():
        one_by_one = [network.of(x, torch.full((2,), i)) for i in range(4)]
        assert_close(network(x), torch.stack(one_by_one, 1), rtol=1e-4, atol=1e-5)
    assert not torch.allclose(one_by_one[0], one_by_one[1], atol=1e-3)


def test_more_levels_than_halves_of_the_window_are_refused():
    with pytest.raises(ValueError, match="halve"):
        config(levels=4)
