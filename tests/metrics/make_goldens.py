"""Ask museval for its scores of every kind of signal: `python -m tests.metrics.make_goldens`.

goldens.json keeps them with a checksum of the signals, so that a generator that has drifted is told
from a metric that is wrong.
"""

import hashlib
import json
from pathlib import Path

import numpy as np

from hdemucs.evaluation.backend import museval
from tests.metrics.signals import KINDS, RATES

GOLDENS = Path(__file__).with_name("goldens.json")
ORDER = ("SDR", "ISR", "SIR", "SAR")


def checksum(references, estimates):
    digest = hashlib.sha256()
    for array in (references, estimates):
        digest.update(np.round(array * 2**24).astype(np.int64).tobytes())
    return digest.hexdigest()


def original(references, estimates, rate):
    """museval's four metrics, [metric][source][frame]."""
    arrays = [np.moveaxis(x, 1, 2) for x in (references, estimates)]
    return np.stack(museval().evaluate(*arrays, win=rate, hop=rate))


def golden(kind):
    references, estimates = KINDS[kind]()
    scores = original(references, estimates, RATES.get(kind, 4000))
    named = {m: np.round(s, 9).tolist() for m, s in zip(ORDER, scores, strict=True)}
    return {"signals": checksum(references, estimates), "scores": named}


if __name__ == "__main__":
    content = {
        "origin": "museval 0.4.1, numpy 2.4.6, scipy 1.17.1; rerun make_goldens.py to renew",
        "kinds": {kind: golden(kind) for kind in KINDS},
    }
    GOLDENS.write_text(json.dumps(content) + "\n")
