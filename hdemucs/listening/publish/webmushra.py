"""The same sessions as configurations for webMUSHRA.

webMUSHRA's YAML parser accepts one JSON value in one line per page, and misreads nested block
lists. Results come back with our names of trials and stimuli; `reference` stands for the hidden
one.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from hdemucs.listening.secret import SECRET
from hdemucs.listening.session_list import DECODED
from hdemucs.listening.stimuli.questions import POINTS, QUESTIONS, Question, named
from hdemucs.listening.stimuli.sessions import MosTrial, MushraTrial, Session
from hdemucs.listening.stimuli.trials import REFERENCE

COMMIT = "07130f21"  # of webMUSHRA, 18 May 2025
RESOURCES = "configs/resources"
LISTENER = "listener"  # the question whose answer identifies listeners
CONSENT = (
    "<p>You will hear short pieces of separated music and rate them. Your ratings, the time that "
    "each took and your code are stored, without your name. You may stop at any time.</p>"
)
REHEARSAL = f"<p><strong>This set is for trying out: {DECODED}.</strong></p>"


def configuration(session: Session, hidden: Mapping[str, str], names_from: str) -> str:
    """One session; `hidden` has each folder's hidden reference, which webMUSHRA adds itself.

    If `names_from` is the seed, the first page says that this is a trial set. The training pages
    come first; the analysis recognises their trials by name and leaves them out.
    """
    head = {
        "testname": f"{session.test}, {session.session}",
        "testId": f"{session.test}-{session.session}",
        "bufferSize": 2048,
        "stopOnErrors": True,
        "showButtonPreviousPage": False,
        "remoteService": "service/write.php",
    }
    note = "" if names_from == SECRET else REHEARSAL
    shown = pages(session, hidden, note)
    lines = [f"{key}: {scalar(value)}" for key, value in head.items()]
    return "\n".join([*lines, "pages:", *(f"  - {one_line(page)}" for page in shown)]) + "\n"


def scalar(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def one_line(page: Any) -> str:
    return json.dumps(page, ensure_ascii=True, allow_nan=False)


def pages(session: Session, hidden: Mapping[str, str], note: str) -> list[Any]:
    root = f"{RESOURCES}/{session.test}"
    blocks = [
        ["random", *(trial_page(session, trial, hidden, root) for trial in block)]
        for block in session.blocks
    ]
    consent = {
        "type": "consent",
        "id": "consent",
        "name": "Consent",
        "mustConsent": True,
        "content": note + CONSENT,
    }
    training = [trial_page(session, trial, hidden, root) for trial in session.training]
    return [consent, *training, *blocks, finish()]


def trial_page(
    session: Session, trial: MushraTrial | MosTrial, hidden: Mapping[str, str], root: str
) -> dict[str, Any]:
    if isinstance(trial, MushraTrial):
        return mushra_page(session, trial, hidden, root)
    return mos_page(trial, root)


def mushra_page(
    session: Session, trial: MushraTrial, hidden: Mapping[str, str], root: str
) -> dict[str, Any]:
    question = session.questions[trial.attribute]
    known = trial.captions or {hidden[trial.folder.rpartition("/")[2]]: REFERENCE}
    stimuli = [name for name in trial.stimuli if known.get(name) != REFERENCE]
    return {
        "type": "mushra",
        "id": trial.id,
        "name": question.title,
        "content": f"<p>{named(question.ask, trial.source)}</p>",
        "showWaveform": True,
        "enableLooping": True,
        "strict": True,
        "randomize": True,
        "showConditionNames": False,
        "switchBack": False,
        "reference": f"{root}/{trial.folder}/{trial.reference}",
        "createAnchor35": False,
        "createAnchor70": False,
        "stimuli": {stem(name): f"{root}/{trial.folder}/{name}" for name in stimuli},
    }


def mos_page(trial: MosTrial, root: str) -> dict[str, Any]:
    """A page with two scales: quality, then contamination."""
    (name,) = trial.stimuli
    asked = "".join(
        f"<p>{place}. {named(question.alone, trial.source)}</p>"
        for place, question in enumerate(QUESTIONS.values(), 1)
    )
    return {
        "type": "likert_single_stimulus",
        "id": trial.id,
        "name": named("{source}", trial.source),
        "content": asked,
        "mustRate": True,
        "mustPlayback": "ended",
        "stimuli": {stem(name): f"{root}/{trial.folder}/{name}"},
        "response": [scale(question, trial.source) for question in QUESTIONS.values()],
    }


def scale(question: Question, source: str) -> list[dict[str, str]]:
    """Five points; the first and the last have words."""
    ends = {POINTS[0]: f": {question.low}", POINTS[-1]: f": {question.high}"}
    return [
        {"value": str(point), "label": named(f"{point}{ends.get(point, '')}", source)}
        for point in POINTS
    ]


def finish() -> dict[str, Any]:
    return {
        "type": "finish",
        "name": "Thank you",
        "content": "<p>Thank you for listening.</p>",
        "popupContent": "Your answers were sent.",
        "showResults": False,
        "writeResults": True,
        "questionnaire": [{"type": "text", "label": "Your code", "name": LISTENER}],
    }


def stem(name: str) -> str:
    return name.removesuffix(".flac")
