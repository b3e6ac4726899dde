"""D3Net against Sony's own model (d3net-spleeterweb 0.1.3) with the same weights, on torch."""

from dataclasses import replace

import pytest
import torch
from torch.testing import assert_close

from hdemucs.models.d3net.config import BandConfig, D3NetConfig, SizesConfig
from hdemucs.models.d3net.dense import dense, nested
from hdemucs.models.d3net.network import FAMILY
from tests.reference import nnabla_on_torch, on_path


def theirs():
    nnabla_on_torch.installed()
    with on_path("d3net-spleeterweb"):
        from d3net.model import D3NetMSS
    return D3NetMSS


def band(first, growth, layers, nested):
    return BandConfig(first=first, growth=growth, layers=layers, nested=nested)


TINY = SizesConfig(
    split=4,
    low=band(3, (2, 3, 2), (3, 2, 2), 2),
    high=band(2, (1,), (1,), 1),
    full=band(3, (2, 3, 4, 3, 2), (2, 3, 2, 1, 2), 2),
    final=(3, 3),
)


def config(**changes):
    plain = dict(
        kind="d3net", sources=("vocals",), audio_channels=2, window=32, hop=8, bins=12,
        sizes={"vocals": TINY},
    )  # fmt: skip
    return D3NetConfig(**{**plain, **changes})


HIGH7 = band(8, (2,) * 7, (1,) * 7, 1)
HIGH5 = band(8, (2,) * 5, (1,) * 5, 1)
LOW = (16, 18, 20, 22, 20, 18, 16)
VOCALS = SizesConfig(
    split=256,
    low=band(32, LOW, (5, 5, 5, 5, 4, 4, 4), 2),
    high=HIGH5,
    full=band(32, (13, 14, 15, 16, 17, 16, 14, 12, 11), (4, 5, 6, 7, 8, 6, 5, 4, 4), 2),
    final=(12, 3),
)
DRUMS = SizesConfig(
    split=128,
    low=band(32, LOW, (5, 5, 5, 4, 4, 4, 4), 2),
    high=HIGH5,
    full=band(32, (13, 14, 15, 16, 16, 16, 14, 12, 11), (4, 5, 6, 7, 8, 6, 6, 4, 4), 2),
    final=(12, 3),
)
BASS = SizesConfig(
    split=192,
    low=band(32, (16, 18, 18, 20, 18, 16, 16), (5, 5, 5, 5, 4, 4, 4), 2),
    high=HIGH7,
    full=band(32, (10, 10, 12, 14, 16, 14, 12, 8, 8), (4, 5, 6, 7, 8, 6, 6, 4, 4), 2),
    final=(12, 3),
)
PUBLISHED = {
    "vocals": (VOCALS, 2_967_407), "other": (VOCALS, 2_967_407), "drums": (DRUMS, 2_873_284),
    "bass": (BASS, 2_419_822),
}  # fmt: skip


@pytest.mark.parametrize("source", PUBLISHED)
def test_a_published_network_has_as_many_parameters(source):
    sizes, count = PUBLISHED[source]
    published = config(sources=(source,), window=4096, hop=1024, bins=1600, sizes={source: sizes})
    with torch.device("meta"):
        separator = FAMILY.build(published)
    assert sum(p.numel() for p in separator.parameters()) == count


def norm_and_convolution(place, name):
    """Our `activated` -> their `bn_conv_block`."""
    return {f"{place}.0": f"{name}/norm1/bn", f"{place}.2": f"{name}/conv1/conv"}


def dense_names(place, name, layers):
    names = norm_and_convolution(f"{place}.first", f"{name}/initial_layer/bottleneck")
    for i in range(layers - 1):
        layer = f"{name}/layers/layer{i + 1}/bottleneck"
        names |= norm_and_convolution(f"{place}.later.{i}", layer)
    return names


def nested_names(place, name, layers, blocks):
    names = dense_names(f"{place}.first", f"{name}/initial_block", layers)
    for i in range(blocks - 1):
        names |= dense_names(f"{place}.later.{i}", f"{name}/layers/layer{i + 1}", layers)
    return names


def band_names(place, name, first, size):
    names = {f"{place}.first": f"{first}/conv"}
    depth = len(size.growth) // 2
    for i in range(depth):
        scope = f"{name}/ds_layers/dense_block{i}"
        names |= nested_names(f"{place}.inward.{i}", scope, size.layers[i], size.nested)
    scope = f"{name}/bottleneck_block"
    names |= nested_names(f"{place}.inward.{depth}", scope, size.layers[depth], size.nested)
    for i in range(depth):
        up, scope = f"{name}/us_layers/upsample{i}/upsample", f"{name}/us_layers/dense_block"
        names |= {
            f"{place}.up.{i}.0": f"{up}/norm/bn",
            f"{place}.up.{i}.1": f"{up}/transconv/deconv",
        }
        layers = size.layers[depth + 1 + i]
        block = f"{scope}{depth + 1 + i}"
        names |= nested_names(f"{place}.outward.{i}", block, layers, size.nested)
    return names


def all_names(size):
    """Our modules and parameters -> nnabla's scopes."""
    bands = {
        "low": ("dense_band/0", "features_init/0"),
        "high": ("dense_band/1", "features_init/1"),
    }
    names = {}
    for place, (name, first) in bands.items():
        names |= band_names(place, name, first, getattr(size, place))
    names |= band_names("full", "dense_full", "features_init_full", size.full)
    names |= dense_names("final", "final_dense", size.final[1])
    return names | {
        "match_high.0": "match_fm_conv/1/norm/bn", "match_high.1": "match_fm_conv/1/conv/conv",
        "norm": "out_gate/bn/bn", "gate": "out_gate/conv_gate/conv/conv",
        "filter": "out_gate/conv_filt/conv/conv", "shift": "in_offset", "scale": "in_scale",
        "out_scale": "decode_scale", "out_shift": "decode_bias",
    }  # fmt: skip


LEAVES = {"running_mean": "mean", "running_var": "var", "weight": "gamma", "bias": "beta"}


def renamed(state, size):
    names = all_names(size)
    found = {}
    for key, value in state.items():
        module, _, leaf = key.rpartition(".")
        if key in names:
            found[names[key]] = value.view(1, 1, 1, -1)
        elif leaf != "num_batches_tracked":
            scope = names[module]
            theirs_ = LEAVES[leaf] if scope.endswith("/bn") else {"weight": "W", "bias": "b"}[leaf]
            found[f"{scope}/{theirs_}"] = value
    return found


def hyperparameters(size):
    bands = (size.low, size.high)
    return dict(
        fft_size=32, n_channels=2, valid_signal_idx=12, band_split_idxs=[size.split],
        dens_k=[b.growth for b in bands], num_init_features=[b.first for b in bands],
        num_layer_blocks=[b.layers for b in bands],
        b_n_blocks=[[b.nested] * len(b.layers) for b in bands],
        comp_rates=[[1.0] * len(b.layers) for b in bands],
        f_num_init_features=size.full.first, f_dens_k=size.full.growth,
        f_num_layer_block=size.full.layers, f_n_blocks=[size.full.nested] * len(size.full.layers),
        f_comp_rates=[1.0] * len(size.full.layers),
        ttl_dens_k=size.final[0], ttl_num_layer_block=size.final[1],
    )  # fmt: skip


@pytest.mark.parametrize("training", [True, False])
def test_estimates_and_gradients_are_theirs(training):
    torch.manual_seed(1)
    ours = FAMILY.build(config()).network
    for value in ours.state_dict().values():
        if value.is_floating_point():
            value.add_(0.3 * torch.rand_like(value))
    (one,) = ours.sources
    one.out_shift.data.add_(1)  # away from the kink of the last ReLU
    ours.train(training)
    parameters = {k: v.detach().clone() for k, v in one.state_dict().items()}
    x = 3 * torch.rand(2, 2, 17, 8)
    estimate = ours(x)[:, 0]

    nnabla_on_torch.parameters.clear()
    nnabla_on_torch.asked.clear()
    nnabla_on_torch.parameters.update(renamed(parameters, TINY))
    for value in nnabla_on_torch.parameters.values():
        value.requires_grad_()
    network = theirs()(hyperparameters(TINY), test=not training)
    expected = network(x.permute(0, 3, 1, 2)).permute(0, 2, 3, 1)
    assert nnabla_on_torch.asked == nnabla_on_torch.parameters.keys()
    assert_close(estimate, expected.as_subclass(torch.Tensor), rtol=1e-4, atol=1e-4)

    weights = torch.rand_like(estimate)
    (estimate * weights).sum().backward()
    (expected.as_subclass(torch.Tensor) * weights).sum().backward()
    for name, gradient in renamed({n: p.grad for n, p in one.named_parameters()}, TINY).items():
        reference = nnabla_on_torch.parameters[name].grad.as_subclass(torch.Tensor)
        size = reference.abs().max().item()
        assert_close(gradient, reference, rtol=1e-2, atol=1e-3 * size + 1e-3, msg=name)


def test_a_dense_block_is_the_sum_over_earlier_features_each_with_its_dilation():
    """Section 3.1 of the paper, written out: feature m is seen through a dilation of 2^m."""
    torch.manual_seed(2)
    block = dense(2, 3, 4).eval()
    x = torch.randn(1, 2, 20, 20)
    features = [x]
    for layer in range(4):
        total = 0
        for m, feature in enumerate(features):
            module = block.first if m == 0 else block.later[m - 1]
            norm, relu, conv = module
            rows = slice(3 * (layer - m), 3 * (layer - m) + 3)
            total = total + torch.nn.functional.conv2d(
                relu(norm(feature)), conv.weight[rows], conv.bias[rows], 1, 2**m, 2**m
            )
        features.append(total)
    assert_close(block(x), features[-1], rtol=1e-4, atol=1e-5)
    assert nested(2, 3, 2, 2)(x).shape == (1, 3, 20, 20)


def test_high_frequencies_are_the_mixtures():
    torch.manual_seed(3)
    network = FAMILY.build(config()).eval().network
    x = torch.rand(1, 2, 17, 5)
    with torch.no_grad():
        y = network(x)[0, 0]
    assert_close(y[:, 12:], x[0, :, 12:], rtol=0, atol=0)
    assert y.shape == (2, 17, 5)


@pytest.mark.parametrize(
    "wrong",
    [
        dict(sources=("drums",)),
        dict(bins=14),
        dict(bins=40),
        dict(sizes={"vocals": replace(TINY, split=5)}),
    ],
)
def test_sizes_that_cannot_be_are_refused(wrong):
    with pytest.raises(ValueError, match=r"sizes|bins|halved"):
        config(**wrong)


def test_an_even_number_of_blocks_is_refused():
    with pytest.raises(ValueError, match="odd"):
        band(3, (2, 2), (1, 1), 1)
