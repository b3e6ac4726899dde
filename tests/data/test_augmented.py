"""Augmentation while reading is the augmentation of what was read."""

import dataclasses

import pytest
import torch

from hdemucs.config.training import AugmentConfig
from hdemucs.data.augment import augmentations
from hdemucs.data.augmented import AugmentedSegments
from hdemucs.data.segments import Segments
from hdemucs.datasets.record import record
from tests.data.conftest import EXPECTED, RATE

PAPER = AugmentConfig(
    repitch=None,
    shift=0.1,
    same_shift=False,
    swap_channels=0.5,
    flip_sign=0.5,
    gain=(0.25, 1.25),
    remix=4,
)
SEEDS = {"shift": 1, "swap": 2, "sign": 3, "gain": 4, "remix": 5}
OFF = {"shift": 0.0, "swap_channels": 0.0, "flip_sign": 0.0, "gain": None, "remix": None}


@pytest.fixture
def segments(musdb_root):
    manifest = record(musdb_root, "tiny", EXPECTED, (), 1)
    return Segments(musdb_root, manifest, "train", segment=3000, stride=500)


@pytest.mark.parametrize(
    "changes", [{}, {"same_shift": True}, *({k: v} for k, v in OFF.items()), OFF]
)
def test_reading_augmented_is_augmenting_what_was_read(segments, changes):
    config = dataclasses.replace(PAPER, **changes)
    ours = AugmentedSegments(segments, config, RATE, SEEDS)
    chain = augmentations(config, RATE, SEEDS)
    for first in (0, 8):  # generators go on from batch to batch alike
        indices = list(range(first, first + 8))
        expected = segments.batch(indices)
        for augmentation in chain:
            expected = augmentation(expected)
        torch.testing.assert_close(ours.batch(indices), expected, atol=1e-5, rtol=1e-5)


def test_a_tensor_can_be_filled_again(segments):
    one, two = (AugmentedSegments(segments, PAPER, RATE, SEEDS) for _ in range(2))
    out = torch.full((4, 4, 2, 2200), torch.nan)
    assert one.batch([3, 1, 4, 1], out) is out
    assert torch.equal(out, two.batch([3, 1, 4, 1]))
