"""Settings of the listening tests: excerpts, stimuli, sessions and analysis."""

from __future__ import annotations

from typing import Annotated, Literal, get_args

from pydantic import Field
from pydantic.dataclasses import dataclass

from hdemucs.config.base import STRICT
from hdemucs.errors import UserError

LOWPASS = "lowpass-"  # followed by the cutoff in Hz
MOST_STIMULI = 12  # in a trial, with hidden reference and anchors (BS.1534-3, 5.3)

Seed = Annotated[int, Field(ge=0)]
Count = Annotated[int, Field(ge=1)]
Share = Annotated[float, Field(ge=0, le=1)]
Seconds = Annotated[float, Field(gt=0)]
Decibel = Annotated[float, Field(ge=0)]
Attribute = Literal["quality", "contamination"]
AnchorName = Literal[
    "lowpass-3500", "lowpass-7000", "mixture", "quality",
    "distorted-target", "artifact", "interference",
]  # fmt: skip
CONDITIONS = ("reference", *get_args(AnchorName))  # of a listening test, in addition to the systems


@dataclass(frozen=True, kw_only=True, config=STRICT)
class ActivityConfig:
    """When a stem counts as audible (BS.1770 momentary loudness, blocks of 400 ms)."""

    floor: float  # LUFS; blocks below this are never active
    below_track: Decibel  # LU below the stem's own gated loudness at which a block counts as silent
    below_mixture: Decibel  # LU by which the target may be below the mixture
    share: Share  # share of the blocks in which every stem must be active
    relaxed_share: Share  # for the other stems, if too few windows pass; logged


@dataclass(frozen=True, kw_only=True, config=STRICT)
class ExcerptsConfig:
    """Which excerpts of the test set are heard; they depend on no model's estimates."""

    seed: Seed
    seconds: Annotated[float, Field(ge=1, le=12)]  # BS.1534-3, 5.1: 12 s at most
    hop: Seconds  # seconds between candidate windows
    margin: Annotated[float, Field(ge=0)]  # seconds at both ends of a track that are left out
    per_source: Count  # excerpts; at most one per track and source
    strata: Count  # number of equally large groups of difficulty, with equally many excerpts each
    activity: ActivityConfig


@dataclass(frozen=True, kw_only=True, config=STRICT)
class LevelConfig:
    """Loudness, peak and fades of every stimulus."""

    gain: Literal["trial", "stimulus"]  # one gain per trial (BS.1534-3) or stimulus (Ward)
    loudness: Annotated[float, Field(le=0)]  # LUFS of the reference
    peak: Annotated[float, Field(le=0)]  # dBTP; the largest true peak of any stimulus
    fade: Seconds  # seconds of a raised cosine at both ends


@dataclass(frozen=True, kw_only=True, config=STRICT)
class AnchorsConfig:
    """The anchors of a MUSHRA trial."""

    names: tuple[AnchorName, ...]
    transparent: float  # dB of nSDR above which an anchor is left out, unless its error is audible
    audible: Annotated[float, Field(le=0)]  # LUFS of the loudest 400 ms of that error
    dropped_frames: Share  # share of the STFT frames (quality: distorted target)
    noise_zeroed: Share  # share of the time-frequency bins (quality: musical noise)


@dataclass(frozen=True, kw_only=True, config=STRICT)
class TrainingConfig:
    """Graded examples that are played before the trials (Ward et al., 2018)."""

    accompaniment: tuple[float, ...]  # dB below the target, for contamination
    noise: tuple[float, ...]  # dB of musical noise below the target, for quality


@dataclass(frozen=True, kw_only=True, config=STRICT)
class MushraConfig:
    """Sessions of multi-stimulus trials."""

    sessions: Count
    trials: Annotated[int, Field(ge=2, le=20)]  # graded trials per session, replicates included
    replicates: Annotated[int, Field(ge=0)]


@dataclass(frozen=True, kw_only=True, config=STRICT)
class MosConfig:
    """Sessions as in the paper: one clip at a time, two questions, scores from 1 to 5."""

    sessions: Count
    clips: Count  # 25 in the paper


@dataclass(frozen=True, kw_only=True, config=STRICT)
class DemoConfig:
    """The page that plays excerpts with the systems' names."""

    per_source: Count  # excerpts


@dataclass(frozen=True, kw_only=True, config=STRICT)
class ListeningConfig:
    """What is rendered, and which part of it each listener hears."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$")]  # of the test; answers carry it
    seed: Seed
    systems: tuple[str, ...]
    level: LevelConfig
    anchors: AnchorsConfig
    training: TrainingConfig
    mushra: MushraConfig
    mos: MosConfig
    demo: DemoConfig


def check_stimuli(config: ListeningConfig, sample_rate: int) -> None:
    """Check the stimuli of each trial.

    Raises:
        UserError: a trial has more stimuli than the standard allows, or one that cannot be made.
    """
    for name in config.anchors.names:
        edge = name.removeprefix(LOWPASS)
        if edge.isdigit() and int(edge) >= sample_rate / 2:
            problem = f"{name} does not exist at fetch.sample_rate={sample_rate}"
            raise UserError("listening.anchors.names", problem, f"remove {name}")
    stimuli = 1 + len(config.anchors.names) + len(config.systems)
    if stimuli > MOST_STIMULI:
        problem = f"makes {stimuli} stimuli a trial where BS.1534-3 allows {MOST_STIMULI}"
        raise UserError("listening.systems", problem, "name fewer systems there, or fewer anchors")


@dataclass(frozen=True, kw_only=True, config=STRICT)
class CleaningConfig:
    """Which trials do not count as ratings."""

    shortest: Share  # least page time, as a share of the stimuli's total duration
    heard: Share  # share of a clip that must be heard, where it is judged by itself


@dataclass(frozen=True, kw_only=True, config=STRICT)
class OpinionConfig:
    """Screening of MOS sessions; there is no standard for it, so the rules are our own."""

    gap: float  # points by which ground truth must be above the systems, on average
    same: Share  # largest share of equal scores among the answers to one question
    fewest: Count  # clips of ground truth that are needed to screen a listener


@dataclass(frozen=True, kw_only=True, config=STRICT)
class ScreeningConfig:
    """Post-screening of assessors (BS.1534-3, 4.1.2); contamination and replicates are only
    flagged.
    """

    opinion: OpinionConfig
    attention: Share  # share of the attention checks that must be passed, where there are any

    reference_below: float  # a hidden reference with a lower score counts as missed
    anchor_above: float  # a 7 kHz anchor with a higher score counts as missed
    share: Share  # share of items that may be missed
    item_share: Share  # of the assessors missing an item's anchor above which it does not count
    fewest: Count  # graded trials that are needed to screen a listener
    mixture_above: float  # largest score of the mixture, in the contamination task
    concordance_below: float  # Lin's coefficient between a trial and its replicate


@dataclass(frozen=True, kw_only=True, config=STRICT)
class RatingsConfig:
    """How answers become tables."""

    seed: Seed
    systems: tuple[str, ...]
    baseline: str  # the system with which planned contrasts compare
    confidence: Annotated[float, Field(gt=0, lt=1)]
    resamples: Count  # draws of bootstrap and permutation tests
    cleaning: CleaningConfig
    screening: ScreeningConfig
