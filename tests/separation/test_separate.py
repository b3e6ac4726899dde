"""Separating in segments is separating the song."""

import threading

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from hdemucs.config.separation import SeparationConfig
from hdemucs.models.ensemble import Ensemble
from hdemucs.models.family import Conditions, Separator
from hdemucs.separation.overlap import Readable, Wanted, overlap_add, stride_of, triangle
from hdemucs.separation.separate import in_memory, separate, stream
from hdemucs.separation.system import separate_by

RATE = 100


def config(**changes):
    plain = dict(segment=2.0, overlap=0.25, shifts=0, max_shift=0.5)
    return SeparationConfig(**{**plain, **changes})


def generator():
    return torch.Generator().manual_seed(1)


def halves(mix):
    """A model without context: two sources that are a third and two thirds of the mixture."""
    return torch.stack([mix / 3, 2 * mix / 3], dim=1)


def song(length):
    return torch.randn(2, length, generator=generator())


@given(
    st.integers(1, 700),
    st.floats(0, 0.9),
    st.integers(0, 3),
    st.floats(0.02, 3.0),
)
@settings(max_examples=60, deadline=None)
def test_a_model_without_context_is_unchanged_by_segments_and_shifts(
    length, overlap, shifts, segment
):
    mix = song(length)
    plan = config(overlap=overlap, shifts=shifts, segment=segment)
    out = separate(halves, mix, RATE, plan, generator())
    torch.testing.assert_close(out, halves(mix[None])[0], atol=1e-5, rtol=1e-5)


def test_the_direct_form_gives_the_same():
    """The slow obvious overlap-add: all segments in full-length buffers."""
    mix, segment = song(531), 200
    stride = stride_of(segment, 0.25)

    def echoing(chunk):  # a model whose output depends on where the segment starts
        return halves(chunk.cumsum(-1))

    total, weight = torch.zeros(2, 2, 531), torch.zeros(531)
    for start in range(0, 531, stride):
        chunk = mix[:, start : start + segment]
        share = triangle(segment)[: chunk.shape[-1]]
        total[..., start : start + segment] += share * echoing(chunk[None])[0]
        weight[start : start + segment] += share
    blocks = overlap_add(echoing, in_memory(mix), segment, stride)
    torch.testing.assert_close(torch.cat(list(blocks), -1), total / weight)


@pytest.mark.parametrize("overlap", [0.0, 0.25, 0.6])
@pytest.mark.parametrize("spans", [((0, 10),), ((530, 531),), ((250, 340), (90, 91))])
def test_wanted_parts_are_those_of_the_whole(spans, overlap):
    """The same samples, shifts and all, from the segments that touch them and from no other."""
    mix, plan, seen = song(531), config(shifts=2, segment=100 / RATE, overlap=overlap), []

    def echoing(chunk):
        seen.append(chunk)
        return halves(chunk.cumsum(-1))

    def run(wanted):
        seen.clear()
        heard = in_memory(mix, wanted)
        return torch.cat(list(stream(echoing, heard, RATE, plan, generator())), -1)

    whole, most = run(None), len(seen)
    part = run(Wanted(spans, 2))
    assert len(seen) < most
    assert part.shape == whole.shape
    for first, last in spans:
        assert torch.equal(part[..., first:last], whole[..., first:last])
    assert part.isnan().any()
    known = ~part.isnan()
    assert torch.equal(part[known], whole[known])  # nothing incomplete passes as an estimate


@pytest.mark.parametrize("kind", ["hybrid", "waveform"])
def test_equal_to_the_official_overlap_add(kind):
    """The waveform model has real context where it needs more samples than a segment has."""
    apply = pytest.importorskip("demucs.apply")
    torch.manual_seed(0)
    model = official(kind).eval()
    mix = song(2500)
    theirs = apply.apply_model(model, mix[None], shifts=0, split=True, overlap=0.25, segment=6)[0]
    with torch.no_grad():
        ours = separate(model, mix, RATE, config(segment=6.0), generator())
    torch.testing.assert_close(ours, theirs, atol=1e-5, rtol=1e-4)


def official(kind):
    if kind == "hybrid":
        from demucs.hdemucs import HDemucs

        return HDemucs(["a", "b"], channels=4, nfft=256, depth=4, samplerate=RATE)
    from demucs.demucs import Demucs

    return Demucs(["a", "b"], channels=4, depth=3, lstm_layers=0, samplerate=RATE)


def test_memory_does_not_grow_with_the_song():
    """No block is longer than a segment, and no read is either."""
    asked = []

    def read(_, frames):
        asked.append(frames)
        return torch.zeros(2, frames)

    blocks = list(overlap_add(halves, Readable(read, 100_000), 200, 150))
    assert max(asked) <= 200
    assert max(block.shape[-1] for block in blocks) <= 200
    assert sum(block.shape[-1] for block in blocks) == 100_000


def test_the_same_generator_gives_the_same_shifts():
    def echoing(chunk):
        return halves(chunk.cumsum(-1))

    plan, mix = config(shifts=2), song(500)
    once, again = (separate(echoing, mix, RATE, plan, generator()) for _ in range(2))
    assert torch.equal(once, again)
    other = separate(echoing, mix, RATE, plan, torch.Generator().manual_seed(9))
    assert not torch.equal(once, other)


class Plain(Separator):
    """A function of the mixture as a model."""

    sources = ("one", "other")

    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, mix):
        return self.function(mix)


def by_itself(function, mix, how, **conditions):
    """A song by one model, made for these conditions."""
    made = Conditions(**{"normalise": "mixture", "chunk": None, **conditions})
    ensemble = Ensemble([Plain(function)], conditions=[made])
    return separate_by(ensemble, mix, RATE, how, lambda _: generator())


def test_a_model_hears_songs_as_it_was_trained_on_them():
    """As they are, where the recipe does not normalise; in chunks of one length, where it must."""
    lengths = []

    def seen(chunk):
        lengths.append(chunk.shape[-1])
        return halves(chunk)

    mix = song(500)
    out = by_itself(seen, mix, config(segment=9.0), normalise="none", chunk=0.5)
    torch.testing.assert_close(out, halves(mix[None])[0])
    assert max(lengths) == 50


def test_models_of_a_bag_work_side_by_side_to_the_same_bytes():
    """Each waits for the other in every segment, so one alone would wait for ever."""
    meeting = threading.Barrier(2, timeout=60)

    def waiting(factor):
        def model(chunk):
            meeting.wait()
            assert not torch.is_grad_enabled()
            return factor * halves(chunk.cumsum(-1))

        return Plain(model)

    def alone(factor):
        return Plain(lambda chunk: factor * halves(chunk.cumsum(-1)))

    def made(kind, at_once):
        ensemble, mix = Ensemble([kind(1.0), kind(0.5)]), song(900)
        how, shifts = config(shifts=1), torch.Generator().manual_seed
        return separate_by(ensemble, mix, RATE, how, shifts, at_once)

    assert torch.equal(made(waiting, 2), made(alone, 1))
    assert torch.equal(made(alone, 3), made(alone, 1))


def test_what_a_model_of_a_bag_raises_is_raised():
    def broken(chunk):
        return chunk.no_such_thing

    bag = Ensemble([Plain(halves), Plain(broken)])
    with pytest.raises(AttributeError, match="no_such_thing"):
        separate_by(bag, song(900), RATE, config(), torch.Generator().manual_seed, 2)


def test_the_scale_of_a_song_is_kept():
    """Normalised for the model, and back: 20 dB more in, 20 dB more out."""

    def seen(chunk):
        assert abs(chunk.mean(1).std().item() - 1) < 1e-3
        return halves(chunk)

    mix = song(500)
    quiet, loud = (by_itself(seen, mix * factor, config(segment=9.0)) for factor in (1e-3, 1e-2))
    torch.testing.assert_close(loud, 10 * quiet, rtol=1e-3, atol=1e-5)


def test_a_silent_song_stays_silent():
    out = by_itself(halves, torch.zeros(2, 300), config())
    assert not out.any()
