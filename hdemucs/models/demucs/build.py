"""Build a model from its configuration: the only file that knows which parts make which variant."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial

import torch
from torch import nn

from hdemucs.models.family import Family, skeleton

from .axis import FREQUENCY, TIME, Axis
from .bands import BandedDecode, BandedEncode
from .config import GROUPS, DemucsConfig, HybridConfig, ResidualConfig, WaveformConfig
from .layers import (
    AROUND,
    Activation,
    Decode,
    Down,
    Encode,
    FrequencyEmbedding,
    Refine,
    Up,
    rewrite,
)
from .plan import (
    Level,
    Plan,
    from_audio,
    in_bands,
    levels,
    levels_to_one,
    over_frequencies,
    starts,
    strided_by_two,
    unpadded,
    valid_length,
)
from .residual import BLSTM, LocalAttention, Residual, Step
from .separator import Branch, Demucs, Trunk, Zero
from .spectrogram import (
    AlignedSpectrogram,
    CentredSpectrogram,
    ComplexAsChannels,
    LateSpectrogram,
    Magnitude,
    Representation,
)
from .views import PaddedWaveform, View, Waveform, as_is, over_the_mono

ACTIVATIONS: dict[str, Activation] = {"gelu": nn.GELU, "relu": nn.ReLU}
REPRESENTATIONS: dict[str, type[Representation]] = {
    "complex": ComplexAsChannels,
    "magnitude": Magnitude,
}
STANDARDISE = {"mono": over_the_mono, "none": as_is}
UPSAMPLE = {True: 2, False: 1}
LSTM_LAYERS, LSTM_SPAN, DECAYS = 2, 200, 4  # of the residual branches; the span is in steps

Config = HybridConfig | WaveformConfig


def outlined(config: DemucsConfig) -> Demucs:
    """A model without memory for its weights, to be asked for names and shapes."""
    model = skeleton(config)
    assert isinstance(model, Demucs)  # because its configuration is Demucs'
    return model


def hybrid_plan(config: HybridConfig) -> Plan:
    """Spectrogram levels until one frequency is left, as many over time, then the trunk's.

    For a window of 4096: 2048, 512, 128, 32, 8, 1 frequencies.
    """
    frequencies = config.window // 2
    meeting = levels_to_one(frequencies)
    audio, sources = config.audio_channels, len(config.sources)
    channels = audio * REPRESENTATIONS[config.representation].factor
    over = partial(levels_of, config)
    rows = over_frequencies(over(FREQUENCY, range(meeting)), frequencies)
    rows = in_bands(rows, config.bands.cuts, config.bands.levels) if config.bands else rows
    plans = {
        "spectrogram": from_audio(rows, channels, sources),
        "waveform": from_audio(over(TIME, range(meeting)), audio, sources),
    }
    return Plan(
        {name: plans[name] for name in config.branches},
        rows[-1],
        [strided_by_two(v) for v in over(TIME, range(meeting, config.depth))],
    )


def levels_of(config: DemucsConfig, axis: Axis, indices: Iterable[int]) -> list[Level]:
    """Levels with the settings that all levels of a configuration share."""
    plan = levels(axis, indices, config.channels, config.norm_from)
    return [replace(v, rewritten=config.rewrite) for v in plan]


def waveform_plan(config: WaveformConfig) -> Plan:
    """Levels over time, all unpadded."""
    plan = levels_of(config, TIME, range(config.depth))
    plan = from_audio(plan, config.audio_channels, len(config.sources))
    plan = [unpadded(v) for v in plan]
    return Plan({"waveform": plan}, plan[-1], [])


def hybrid(config: HybridConfig) -> Demucs:
    """Hybrid Demucs, or either of its branches alone."""
    plan = hybrid_plan(config)
    views = {"spectrogram": spectrogram_view(config), "waveform": Waveform()}
    embeds = {"spectrogram": embedding, "waveform": nothing}
    branches = {
        name: branch(views[name], levels, config, embeds[name])
        for name, levels in plan.branches.items()
    }
    return rescaled(Demucs(branches, trunk(plan, Zero(), config), config.sources))


def spectrogram_view(config: HybridConfig) -> View:
    """The spectrogram branch's view.

    Beside a waveform branch, frames align with its steps, as in the paper. Alone, all frames are
    kept, because no other branch would estimate what aligned frames leave out at the edges; the
    official `hybrid=False` does the same.
    """
    representation = REPRESENTATIONS[config.representation]()
    if "waveform" not in config.branches:
        return CentredSpectrogram(representation, config.window, config.wiener)
    framing = {"reflected": AlignedSpectrogram, "silent": LateSpectrogram}[config.margin]
    return framing(representation, config.window, config.wiener)


def waveform(config: WaveformConfig) -> Demucs:
    """Demucs v2 and v3: one branch, and a bottleneck below its last level."""
    plan = waveform_plan(config)
    (levels,) = plan.branches.values()
    view = PaddedWaveform(
        STANDARDISE[config.standardise],
        partial(valid_length, plan=levels),
        upsample=UPSAMPLE[config.upsample],
    )
    layers = config.bottleneck_lstm
    bottleneck = BLSTM(plan.shared.width, layers) if layers else nn.Identity()
    branches = {"waveform": branch(view, levels, config, nothing)}
    return rescaled(Demucs(branches, trunk(plan, bottleneck, config), config.sources))


def nothing(level: Level) -> nn.Module:  # noqa: ARG001  same arguments as `embedding`
    return nn.Identity()


def embedding(level: Level) -> nn.Module:
    return FrequencyEmbedding(level.frequencies, level.width)


def branch(
    view: View, plan: list[Level], config: Config, embed: Callable[[Level], nn.Module]
) -> Branch:
    """A branch with all levels of the plan, except for the trunk's halves of the last."""
    activation = ACTIVATIONS[config.activation]
    *outer, last = plan
    after = [nn.Identity, *(activation for _ in outer[1:])]  # the outermost Up writes audio
    return Branch(
        view,
        [encode(v, config) for v in outer],
        embed(plan[0]),
        Down(last),
        Up(last, activation),
        [decode(v, a) for v, a in zip(reversed(outer), reversed(after), strict=True)],
    )


def trunk(plan: Plan, bottleneck: nn.Module, config: Config) -> Trunk:
    """The inner halves of the meeting level, and all levels below it.

    Where one frequency is left, only the middle row of `leave`'s kernel has any effect. The other
    two (7.08 of the full hybrid's 83.6 million weights) are kept, because the official model has
    them and its initial scaling and its penalty take them into account.
    """
    activation = ACTIVATIONS[config.activation]
    return Trunk(
        enter=refine(plan.shared, config),
        encoder=[whole(v, config) for v in plan.below],
        bottleneck=bottleneck,
        decoder=[Decode(rewrite(v, AROUND), Up(v, activation)) for v in reversed(plan.below)],
        leave=rewrite(plan.shared, AROUND),
    )


def encode(level: Level, config: Config) -> Encode | BandedEncode:
    make = partial(whole, config=config)
    return BandedEncode(level, make) if level.cuts else make(level)


def whole(level: Level, config: Config) -> Encode:
    return Encode(Down(level), refine(level, config))


def decode(level: Level, activation: Activation) -> Decode | BandedDecode:
    if level.cuts:
        return BandedDecode(level, activation)
    return Decode(rewrite(level, AROUND), Up(level, activation))


def refine(level: Level, config: Config) -> Refine:
    return Refine(level, ACTIVATIONS[config.activation], residual(level, config.residual))


def residual(level: Level, config: ResidualConfig | None) -> nn.Module:
    """A residual branch of one step for each dilation 1, 2, 4, ..."""
    if config is None:
        return nn.Identity()
    hidden = level.width // config.compression
    return Residual(
        Step(
            level.width,
            hidden,
            2**d,
            activation=ACTIVATIONS[config.activation](),
            context=context(level, hidden, config),
            scale=config.scale,
        )
        for d in range(config.depth)
    )


def context(level: Level, hidden: int, config: ResidualConfig) -> nn.Sequential:
    """An LSTM, then attention, each on the levels that have it."""
    parts = nn.Sequential()
    if starts(config.lstm_from, level.index):
        parts.append(BLSTM(hidden, LSTM_LAYERS, span=LSTM_SPAN, skip=True))
    if starts(config.attention_from, level.index):
        parts.append(LocalAttention(hidden, GROUPS, DECAYS))
    return parts


@torch.no_grad()
def rescaled(model: Demucs, reference: float = 0.1) -> Demucs:
    """Bring every convolution's initial scale closer to `reference`, as in Demucs v1.

    The sums are in double precision, so that the weights do not depend on the number of threads.
    A network without weights stays as it is: to compute nothing, torch imports its compiler.
    """
    for module in model.modules():
        if isinstance(module, nn.modules.conv._ConvNd) and not module.weight.is_meta:
            scale = (module.weight.double().std() / reference).sqrt().float()
            for parameter in module.parameters():
                parameter.div_(scale)
    return model


HYBRID = Family(config=HybridConfig, build=hybrid)
WAVEFORM = Family(config=WaveformConfig, build=waveform)
