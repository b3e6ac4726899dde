"""design.md, README.md and RUN.md: the report that BS.1534-3, 10.2, asks for, and instructions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from hdemucs.config.listening import ListeningConfig
from hdemucs.listening.excerpts import Excerpts
from hdemucs.listening.publish.webmushra import COMMIT, RESOURCES
from hdemucs.listening.secret import SECRET, SEED
from hdemucs.listening.session_list import DECODED
from hdemucs.listening.stimuli.questions import QUESTIONS
from hdemucs.listening.stimuli.sets import MOS, MUSHRA, Built

TEMPLATES = Path(__file__).parent / "templates"
ANCHORS = {
    "lowpass-3500": "target through a 3.5 kHz low-pass (BS.1534-3, 5.1)",
    "lowpass-7000": "target through a 7 kHz low-pass (BS.1534-3, 5.1)",
    "mixture": "the mixture itself (Ward et al. 2018), low anchor of contamination",
    "quality": "dull drop-outs and musical noise (Ward et al. 2018), low anchor of quality",
    "distorted-target": "dull target with drop-outs (PEASS)",
    "artifact": "target and as much musical noise (PEASS)",
    "interference": "target and the others, equally loud, together as loud as it (PEASS)",
}
GAINS = {
    "trial": "one gain for all stimuli of a trial, set by the reference (BS.1534-3, 7.1)",
    "stimulus": "each stimulus as loud as any (Ward et al. 2018): errors of level are hidden",
}
NAMES = {  # in README.md and RUN.md
    SEED: (
        f"**This set is for trying out: {DECODED}.**\n"
        "For a real test run `hdemucs listen secret` once, before anybody listens: it draws a\n"
        "secret, keeps it in `private/listening/` and builds the set again with it. Until then\n"
        "`hdemucs listen serve` wants `--rehearsal`."
    ),
    SECRET: (
        "Blind names were drawn with a secret, which lies in `private/listening/` with the key.\n"
        "Neither git nor `dvc push` takes them along: back them up yourself. Without the key\n"
        "answers cannot be read."
    ),
}
DRAWN = {  # in design.md
    SEED: "follow from the study's seed, which makes this set one for trying out",
    SECRET: "are drawn with a secret that is kept with the key",
}


def design(
    config: ListeningConfig, excerpts: Excerpts, built: Built, record: dict[str, Any]
) -> str:
    """The checklist of BS.1534-3, 10.2, filled in."""
    counts = Counter(excerpt.source for excerpt in excerpts.excerpts)
    sessions = Counter(session.set for session in built.sessions)
    return template("design.md").format(
        name=config.name,
        profile=record["profile"],
        count=len(excerpts.excerpts),
        seconds=excerpts.excerpts[0].frames / excerpts.rate,
        rate=excerpts.rate,
        tracks=len(excerpts.tracks),
        per_source=", ".join(f"{count} {source}" for source, count in sorted(counts.items())),
        systems=", ".join(config.systems),
        anchors=bullets(f"Anchor `{name}`: {ANCHORS[name]}." for name in config.anchors.names),
        filters=bullets(filters(record)),
        names=DRAWN[built.names_from],
        transparent=config.anchors.transparent,
        audible=config.anchors.audible,
        dropped=config.anchors.dropped_frames,
        zeroed=config.anchors.noise_zeroed,
        gain=GAINS[config.level.gain],
        loudness=config.level.loudness,
        peak=config.level.peak,
        fade=1000 * config.level.fade,
        mushra=sessions[MUSHRA],
        trials=config.mushra.trials,
        replicates=config.mushra.replicates,
        mos=sessions[MOS],
        clips=config.mos.clips,
        questions=bullets(f"{question.title}: {question.ask}" for question in QUESTIONS.values()),
        notes=bullets(f"{note}." for note in record["notes"] or ["none"]),
    )


def template(name: str) -> str:
    return (TEMPLATES / name).read_text()


def bullets(lines: Iterable[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)


def filters(record: dict[str, Any]) -> Iterable[str]:
    """The anchor filters compared with the standard's mask."""
    for name, found in record["anchors"]["filters"].items():
        near, far = (found[key] or "-" for key in ("near", "far"))
        yield (
            f"`{name}`: {found['taps']} taps, zero phase, ripple {found['ripple']:.4f} dB, "
            f"attenuation {near} dB at 8/7 of the edge, {far} dB from 9/7 on."
        )


def readme(config: ListeningConfig, built: Built) -> str:
    return template("README.md").format(name=config.name, names=NAMES[built.names_from])


def instructions(config: ListeningConfig, built: Built) -> str:
    """Instructions for running the sessions in webMUSHRA."""
    names = ", ".join(session.session for session in built.sessions)
    return template("RUN.md").format(
        name=config.name,
        names=NAMES[built.names_from],
        commit=COMMIT,
        resources=RESOURCES,
        sessions=names,
    )
