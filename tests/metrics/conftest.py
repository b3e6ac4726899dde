"""museval's frozen scores."""

import json

import numpy as np
import pytest

from .make_goldens import GOLDENS, ORDER, checksum
from .signals import KINDS, RATE, RATES

CONTENT = json.loads(GOLDENS.read_text())["kinds"]


@pytest.fixture(params=sorted(KINDS))
def case(request):
    """(references, estimates, rate, museval's scores [metric, source, frame]) of one kind."""
    references, estimates = KINDS[request.param]()
    kept = CONTENT[request.param]
    assert checksum(references, estimates) == kept["signals"], "the signals have changed"
    scores = np.array([kept["scores"][metric] for metric in ORDER])
    return references, estimates, RATES.get(request.param, RATE), scores
