"""Build both listening sets from the same trials: audio and sessions, with a separate key."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from hdemucs.config.listening import ListeningConfig
from hdemucs.files import sha256, write_json
from hdemucs.listening.key import Entry, digest
from hdemucs.listening.secret import NameSource
from hdemucs.listening.stimuli.checks import (
    Correlation,
    check_aligned,
    check_audible,
    check_design,
    check_names,
    check_trial,
    correlation,
    inaudible,
)
from hdemucs.listening.stimuli.even import pad
from hdemucs.listening.stimuli.examples import Examples, render_examples
from hdemucs.listening.stimuli.inputs import Inputs
from hdemucs.listening.stimuli.questions import NAMES, QUESTIONS
from hdemucs.listening.stimuli.render import OPEN, SUFFIX, Renderer, served
from hdemucs.listening.stimuli.sessions import (
    Blocks,
    MosTrial,
    MushraTrial,
    Session,
    mos_blocks,
    mushra_blocks,
)
from hdemucs.listening.stimuli.trials import REFERENCE, Lacking, Trial, compose, generator
from hdemucs.progress import track

FORMAT = 1
MUSHRA, MOS = "mushra", "mos"
AUDIO = "audio"


@dataclass(frozen=True)
class Built:
    """The result of rendering."""

    entries: tuple[Entry, ...]
    lacking: dict[str, dict[str, Lacking]]  # anchors near the reference, by excerpt and anchor
    correlations: dict[str, Correlation]  # by system, summed over excerpts
    examples: Examples
    names_from: str  # "seed" or "secret"
    sessions: tuple[Session, ...] = ()


def build_sets(config: ListeningConfig, inputs: Inputs, root: Path, names: NameSource) -> Built:
    """Render every trial to `root`, and write the sessions of both sets.

    Blind names and the plan of sessions follow from `names`.

    Raises:
        UserError: a fault that hdemucs.listening.stimuli.checks finds.
    """
    check_names(config.systems)
    check_design(config, inputs.excerpts, inputs.manifest)
    entries: list[Entry] = []
    lacking: dict[str, dict[str, Lacking]] = {}
    correlations: dict[str, Correlation] = {}
    silent: dict[str, list[str]] = {}
    for excerpt in track(inputs.excerpts.excerpts, "listening sets", unit="excerpt"):
        estimates = inputs.estimates(excerpt, config.systems)
        trial = compose(config, excerpt, inputs.material(excerpt), estimates)
        for system in inaudible(trial):
            silent.setdefault(system, []).append(excerpt.id)
        if silent:
            continue  # there will be no set, so only others that are silent are looked for
        check_trial(trial)
        pool(correlations, trial)
        lacking[excerpt.id] = dict(trial.lacking)
        for renderer in renderers(config, root, names):
            entries += renderer.trial(trial)
    check_audible(silent, len(inputs.excerpts.excerpts))
    check_aligned(correlations, len(inputs.excerpts.excerpts))
    examples = render_examples(config, inputs, root, names)
    built = Built(even(entries, root), lacking, correlations, examples, names.kind)
    sessions = tuple(plan_sessions(config, inputs, built, names))
    for session in sessions:
        write_json(session_path(root, session), asdict(session))
    return replace(built, sessions=sessions)


def even(entries: Sequence[Entry], root: Path) -> tuple[Entry, ...]:
    """Make files as large as others of their trial, or of their set if trials are one clip."""
    paths = [sound(root, entry) for entry in entries]
    for folder in sorted({path.parent for path in paths}):
        pad([path for path in paths if path.parent == folder])
    return tuple(
        replace(entry, sha256=sha256(path)) for entry, path in zip(entries, paths, strict=True)
    )


def sound(root: Path, entry: Entry) -> Path:
    """The path of a sound file of the sets."""
    folder = root / entry.set / AUDIO
    return (folder / entry.trial if entry.set == MUSHRA else folder) / f"{entry.name}{SUFFIX}"


def renderers(config: ListeningConfig, root: Path, names: NameSource) -> tuple[Renderer, Renderer]:
    """MUSHRA's stimuli get a folder per trial; MOS clips of systems and ground truth share one."""
    every = (OPEN, REFERENCE, "anchor", "system")
    return (
        Renderer(config, names.word, MUSHRA, root / MUSHRA / AUDIO, every, nested=True),
        Renderer(config, names.word, MOS, root / MOS / AUDIO, (REFERENCE, "system"), nested=False),
    )


def pool(correlations: dict[str, Correlation], trial: Trial) -> None:
    """Add a trial's cross-correlations to those of the systems."""
    for stimulus in trial.stimuli:
        if stimulus.role == "system":
            found = correlation(trial.reference.signal, stimulus.signal, trial.rate)
            correlations[stimulus.condition] = correlations.get(stimulus.condition, 0.0) + found


def plan_sessions(
    config: ListeningConfig, inputs: Inputs, built: Built, names: NameSource
) -> list[Session]:
    """The sessions of both sets, from the rendered trials."""
    excerpts: dict[str, dict[str, list[Entry]]] = {MUSHRA: {}, MOS: {}}
    for entry in built.entries:
        excerpts[entry.set].setdefault(entry.trial, []).append(entry)
    mushra, mos = ([served(found) for found in excerpts[kind].values()] for kind in (MUSHRA, MOS))
    rngs = {kind: generator(names.word, "sessions", kind) for kind in (MUSHRA, MOS)}
    plans: dict[str, Sequence[Blocks]] = {
        MUSHRA: mushra_blocks(config.mushra, f"{MUSHRA}/{AUDIO}", mushra, rngs[MUSHRA]),
        MOS: mos_blocks(config.mos, f"{MOS}/{AUDIO}", mos, rngs[MOS]),
    }
    training: dict[str, Sequence[MushraTrial | MosTrial]] = {
        MUSHRA: built.examples.mushra,
        MOS: built.examples.mos,
    }
    rate = inputs.manifest.sample_rate
    return [
        Session(
            format=FORMAT,
            test=config.name,
            set=kind,
            session=f"{kind}-{number:02}",
            rate=rate,
            sets=digest(built.entries),
            questions=QUESTIONS,
            names=NAMES,
            seconds=inputs.excerpts.excerpts[0].frames / rate,
            training=tuple(training[kind]),
            blocks=planned,
        )
        for kind, plan in plans.items()
        for number, planned in enumerate(plan, 1)
    ]


def session_path(root: Path, session: Session) -> Path:
    return root / session.set / "sessions" / f"{session.session}.json"
