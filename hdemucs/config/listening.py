"""The listening tests' parameters: excerpts, stimuli, sessions and analysis."""

from __future__ import annotations

from typing import Annotated, Literal, get_args

from pydantic import Field
from pydantic.dataclasses import dataclass

from hdemucs.config.base import STRICT
from hdemucs.errors import UserError

LOWPASS = "lowpass-"  # and the edge in Hz
MOST_STIMULI = 12  # of a trial; BS.1534-3, 5.3: hidden reference and anchors counted

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
CONDITIONS = ("reference", *get_args(AnchorName))  # of a listening test, beside the systems


@dataclass(frozen=True, kw_only=True, config=STRICT)
class ActivityConfig:
    """When a stem counts as heard (BS.1770 momentary loudness, 400 ms blocks)."""

    floor: float  # LUFS; nothing below it is active
    below_track: Decibel  # LU under the stem's own gated loudness at which a block is silent
    below_mixture: Decibel  # LU that the target may lie under the mixture
    share: Share  # of the blocks in which every stem has to be active
    relaxed_share: Share  # the same for the other stems where too few windows pass; logged


@dataclass(frozen=True, kw_only=True, config=STRICT)
class ExcerptsConfig:
    """Which moments of the test set are listened to; no model has a say."""

    seed: Seed
    seconds: Annotated[float, Field(ge=1, le=12)]  # BS.1534-3, 5.1: 12 s at most
    hop: Seconds  # between candidate windows
    margin: Annotated[float, Field(ge=0)]  # seconds at both ends of a track that are left out
    per_source: Count  # at most one per track and source
    strata: Count  # groups of equal size by difficulty, drawn from equally
    activity: ActivityConfig


@dataclass(frozen=True, kw_only=True, config=STRICT)
class LevelConfig:
    """Loudness and ends of every stimulus."""

    gain: Literal["trial", "stimulus"]  # one gain a trial (BS.1534-3), or one a stimulus (Ward)
    loudness: Annotated[float, Field(le=0)]  # LUFS of the reference
    peak: Annotated[float, Field(le=0)]  # dBTP that no stimulus exceeds
    fade: Seconds  # raised cosine at both ends


@dataclass(frozen=True, kw_only=True, config=STRICT)
class AnchorsConfig:
    """The anchors of a MUSHRA trial."""

    names: tuple[AnchorName, ...]
    transparent: float  # dB of nSDR above which an anchor is dropped, unless what it lacks is heard
    audible: Annotated[float, Field(le=0)]  # LUFS of the loudest 400 ms of what it lacks
    dropped_frames: Share  # of the STFT frames (quality, distorted-target)
    noise_zeroed: Share  # of the time-frequency bins (quality, artifact: musical noise)


@dataclass(frozen=True, kw_only=True, config=STRICT)
class TrainingConfig:
    """Graded examples before the trials, louder is worse (Ward et al. 2018)."""

    accompaniment: tuple[float, ...]  # dB under the target: contamination
    noise: tuple[float, ...]  # dB of musical noise under the target: quality


@dataclass(frozen=True, kw_only=True, config=STRICT)
class MushraConfig:
    """Sessions of multi-stimulus trials."""

    sessions: Count
    trials: Annotated[int, Field(ge=2, le=20)]  # graded trials a session, replicates among them
    replicates: Annotated[int, Field(ge=0)]


@dataclass(frozen=True, kw_only=True, config=STRICT)
class MosConfig:
    """Sessions of the paper's protocol: one clip at a time, two questions, 1 to 5."""

    sessions: Count
    clips: Count  # 25 in the paper


@dataclass(frozen=True, kw_only=True, config=STRICT)
class DemoConfig:
    """The page that plays excerpts by name."""

    per_source: Count  # excerpts


@dataclass(frozen=True, kw_only=True, config=STRICT)
class ListeningConfig:
    """What is rendered and who hears which part of it."""

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
    """
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
    """Which trials are no ratings at all."""

    shortest: Share  # page time over the summed durations below which nobody can have listened
    heard: Share  # of a clip that is judged by itself


@dataclass(frozen=True, kw_only=True, config=STRICT)
class OpinionConfig:
    """Screening of MOS sessions, for which there is no standard: rules of our own."""

    gap: float  # points that ground truth must get more than the systems, on average
    same: Share  # of the answers to one question that may be the same score
    fewest: Count  # clips of ground truth below which a listener cannot be screened


@dataclass(frozen=True, kw_only=True, config=STRICT)
class ScreeningConfig:
    """Post-screening of assessors, BS.1534-3, 4.1.2; contamination and replicates only flag."""

    opinion: OpinionConfig
    attention: Share  # of the attention checks that have to be passed, where there are any

    reference_below: float  # a hidden reference under this score is missed
    anchor_above: float  # a 7 kHz anchor over it is missed
    share: Share  # of the items that may be missed
    item_share: Share  # of the assessors missing an item's anchor above which it does not count
    fewest: Count  # graded trials below which a listener cannot be screened
    mixture_above: float  # in the contamination task
    concordance_below: float  # Lin's, between a trial and its replicate


@dataclass(frozen=True, kw_only=True, config=STRICT)
class RatingsConfig:
    """How answers become tables."""

    seed: Seed
    systems: tuple[str, ...]
    baseline: str  # the system that the planned contrasts compare with
    confidence: Annotated[float, Field(gt=0, lt=1)]
    resamples: Count  # of bootstrap and permutations
    cleaning: CleaningConfig
    screening: ScreeningConfig
