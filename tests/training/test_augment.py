"""Augmentations: the paper's distributions and order, the official code's arithmetic."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from demucs import augment as official

from hdemucs.data.augment import FlipSign, Gain, Remix, Shift, SwapChannels
from hdemucs.data.share import Share
from hdemucs.training.recipe.mixing.remix import RemixConfig, augmentations
from hdemucs.training.recipe.task import Task
from tests.family import SOURCES

TASK = Task(sources=SOURCES, sample_rate=44_100, seed=1)
SLOW = replace(TASK, sample_rate=100)
PAPER = RemixConfig(
    kind="remix", stride=1.0, repitch=None,
    shift=1.0, same_shift=False, swap_channels=0.5, flip_sign=0.5,
    gain=(0.25, 1.25), remix=4,
)  # fmt: skip


def numbered(batch=8, length=50):
    """Every sample knows its example, source, channel and time."""
    axes = [torch.arange(n, dtype=torch.float64) for n in (batch, 4, 2, length)]
    b, s, c, t = torch.meshgrid(*axes, indexing="ij")
    return 1 + t + 1000 * c + 10_000 * s + 100_000 * b


def test_the_order_is_the_papers():
    names = [a.name for a in augmentations(PAPER, TASK)]
    assert names == ["shift", "swap", "sign", "gain", "remix"]


def test_what_is_off_is_not_there():
    off = RemixConfig(
        kind="remix", stride=1.0, repitch=None,
        shift=0.0, same_shift=False, swap_channels=0.0, flip_sign=0.0,
        gain=None, remix=None,
    )  # fmt: skip
    assert augmentations(off, TASK) == []


def test_a_shift_is_the_official_one():
    """The same offsets, from the same draws."""
    stems = torch.randn(8, 4, 2, 400)
    shift = Shift(100, 7, same=False)
    expected = torch.randint(100, (8, 4), generator=torch.Generator().manual_seed(7))
    moved = shift(stems)
    for b, s in np.ndindex(8, 4):
        offset = int(expected[b, s])
        assert torch.equal(moved[b, s], stems[b, s, :, offset : offset + 300])
    assert moved.shape == official.Shift(100)(stems).shape


def test_shifts_are_uniform_and_of_every_stem():
    time = numbered(256, 50)
    offsets = (Shift(10, 0, same=False)(time)[..., 0, 0] - 1) % 1000
    counts = torch.bincount(offsets.flatten().long(), minlength=10)
    assert counts.sum() == 1024 and counts.shape == (10,)
    assert (counts - 102.4).abs().max() < 5 * 102.4**0.5
    assert (offsets.std(1) > 0).float().mean() > 0.9


def test_a_same_shift_keeps_stems_together():
    offsets = (Shift(10, 0, same=True)(numbered(64))[..., 0, 0] - 1) % 1000
    assert torch.equal(offsets, offsets[:, :1].expand(-1, 4))
    assert len(offsets.unique()) > 5


def test_channels_are_swapped_stem_by_stem_half_of_the_time():
    stems = torch.randn(256, 4, 2, 8)
    swapped = (SwapChannels(0.5, 0)(stems) == stems.flip(2)).flatten(2).all(-1)
    kept = (SwapChannels(0.5, 0)(stems) == stems).flatten(2).all(-1)
    assert torch.equal(swapped, ~kept)
    assert 0.45 < swapped.float().mean() < 0.55


def test_signs_are_flipped_stem_by_stem_half_of_the_time():
    signs = FlipSign(0.5, 0)(torch.ones(256, 4, 2, 8))
    assert torch.equal(signs.abs(), torch.ones_like(signs))
    assert torch.equal(signs, signs[..., :1, :1].expand_as(signs))
    assert -0.1 < signs.mean() < 0.1


def test_gains_are_uniform():
    gains = Gain(0.25, 1.25, 0)(torch.ones(512, 4, 2, 4))
    assert torch.equal(gains, gains[..., :1, :1].expand_as(gains))
    values = gains[..., 0, 0].flatten()
    assert values.min() >= 0.25 and values.max() <= 1.25
    assert abs(values.mean() - 0.75) < 0.03 and abs(values.std() - 12**-0.5) < 0.02


def test_remix_deals_every_source_anew_within_groups():
    stems = numbered()
    mixed = Remix(4, 0)(stems)
    examples, sources = (mixed[..., 0, 0] // 100_000), (mixed[..., 0, 0] % 100_000 // 10_000)
    assert torch.equal(sources, torch.arange(4.0, dtype=torch.float64).expand(8, 4))
    for group in (examples[:4], examples[4:] - 4):
        assert torch.equal(group.sort(0).values, torch.arange(4.0).double()[:, None].expand(4, 4))


def test_all_permutations_are_equally_likely():
    remix, counts = Remix(4, 0), {}
    for _ in range(200):
        mixed = remix(numbered(16, 1))[..., 0, 0] // 100_000 % 4
        for group in mixed.view(4, 4, 4).mT.reshape(-1, 4).tolist():
            counts[tuple(group)] = counts.get(tuple(group), 0) + 1
    expected = 200 * 16 / 24
    assert len(counts) == 24
    assert max(abs(count - expected) for count in counts.values()) < 5 * expected**0.5


@pytest.mark.parametrize("processes", [2, 4])
def test_processes_share_one_process_draws(processes):
    stems = torch.randn(16, 4, 2, 300)
    whole = stems
    for augmentation in augmentations(PAPER, SLOW):
        whole = augmentation(whole)
    parts = []
    for rank in range(processes):
        part = stems.chunk(processes)[rank]
        for augmentation in augmentations(PAPER, replace(SLOW, share=Share(rank, processes))):
            part = augmentation(part)
        parts.append(part)
    assert torch.equal(torch.cat(parts), whole)


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        (replace(PAPER, same_shift=True), "shift"),
        (replace(PAPER, swap_channels=0.9), "swap"),
        (replace(PAPER, flip_sign=0.9), "sign"),
    ],
)
def test_the_configuration_reaches_every_augmentation(config, expected):
    """Shift's reach and companions, both probabilities, the gains' range, the group's size."""
    by_name = {a.name: a for a in augmentations(config, SLOW)}
    assert by_name["shift"](numbered(4, 300)).shape[-1] == 200
    ones = by_name["gain"](torch.ones(512, 4, 2, 4))
    assert ones.min() < 0.27 and ones.max() > 1.23
    groups = by_name["remix"](numbered(64))[..., 0, 0] // 100_000
    assert torch.equal(groups // 4, torch.arange(64.0).double()[:, None].expand(64, 4) // 4)
    assert len((groups[:4] % 4).unique()) == 4
    halves = torch.arange(64) % 4 // 2
    assert (groups % 4 // 2 != halves[:, None]).any()
    if expected == "shift":
        offsets = (by_name["shift"](numbered(64, 300))[..., 0, 0] - 1) % 1000
        assert torch.equal(offsets, offsets[:, :1].expand(-1, 4))
    if expected == "swap":
        stems = torch.randn(512, 4, 2, 8)
        share = (by_name["swap"](stems) != stems).flatten(2).any(-1).double().mean()
        assert 0.87 < share < 0.93
    if expected == "sign":
        assert 0.87 < (by_name["sign"](torch.ones(512, 4, 2, 4)) < 0).double().mean() < 0.93


def test_stems_of_an_example_are_drawn_apart():
    """Swap, sign, gain and remix know nothing of the stem beside: no two go together."""
    ones, stems = torch.ones(512, 4, 2, 4), torch.randn(512, 4, 2, 8)
    drawn = {
        "gain": Gain(0.25, 1.25, 0)(ones)[..., 0, 0],
        "sign": FlipSign(0.5, 0)(ones)[..., 0, 0],
        "swap": (SwapChannels(0.5, 0)(stems) != stems).flatten(2).any(-1).float(),
        "remix": (Remix(4, 0)(numbered(512))[..., 0, 0] // 100_000 % 4).float(),
    }
    for name, values in drawn.items():
        apart = torch.corrcoef(values.mT) - torch.eye(4)
        assert apart.abs().max() < 0.2, name


def test_every_augmentation_has_its_own_generator():
    seeds = [a.generator.initial_seed() for a in augmentations(PAPER, SLOW)]
    assert len(set(seeds)) == 5
