"""Answers as the page would send them."""

import hashlib
import json

from tests.listening.family import read


def session(folder, name):
    kind = name.partition("-")[0]
    return read(folder / kind / "sessions" / f"{name}.json")


def rating(stimulus, attribute, score):
    return {
        "stimulus": stimulus.removesuffix(".flac"), "attribute": attribute, "score": score,
        "plays": 2, "played_ms": 4000, "covered": 1.0, "first_move_ms": 2500,
        "trace": [[2500, score]],
    }  # fmt: skip


def trials(content, score):
    """Every trial of a session; `score(stimulus, attribute)` rates."""
    for position, trial in enumerate((t for block in content["blocks"] for t in block), 1):
        asked = [trial["attribute"]] if "attribute" in trial else list(content["questions"])
        ratings = [
            rating(name, attribute, score(name.removesuffix(".flac"), attribute))
            for name in trial["stimuli"]
            for attribute in asked
        ]
        yield {"trial": trial["id"], "position": position, "page_ms": 30_000, "ratings": ratings}


def submission(content, listener="ada", number=0, score=None):
    middle = 3 if content["set"] == "mos" else 50
    score = score or (lambda *_: middle)
    name = hashlib.md5(f"{content['session']}|{listener}|{number}".encode()).hexdigest()
    return {
        "format": 1, "test": content["test"], "sets": content["sets"], "set": content["set"],
        "session": content["session"], "listener": listener, "seed": "1", "submission": name,
        "started": "2026-01-01T10:00:00Z", "finished": "2026-01-01T10:20:00Z",
        "about": {"transducer": "headphones", "years": 3},
        "headphones": {"correct": 6, "of": 6}, "attention": None, "comment": "fine & good",
        "agent": "test",
        "trials": list(trials(content, score)),
    }  # fmt: skip


def encoded(answers):
    return json.dumps(answers).encode()
