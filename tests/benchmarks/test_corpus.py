"""The page of the embedded corpus: published rows as published, ours from songs of other seeds."""

import numpy as np
import pytest

from hdemucs.benchmarks import corpus
from hdemucs.config.corpus import CorpusConfig

TINY = CorpusConfig(
    seed=0, train=1, valid=1, test=1, seconds=5.0, sample_rate=8000, soundfont="auto"
)


@pytest.fixture(scope="module")
def found():
    return corpus.measured(TINY, 512, seeds=2, songs=1)


def test_estimates_that_know_the_stems_beat_those_that_do_not(found):
    """By source, on every song."""
    assert found.seeds == [corpus.FIRST, corpus.FIRST + 1]
    quarter = found.scores["mixture-quarter"]
    for name in ("ibm", "irm-magnitude", "irm-power", "mwf"):
        assert found.scores[name].shape == (2, 4)
        assert (found.scores[name] > quarter + 1).all()
    assert (quarter < 2.6).all()  # 10 log10(16 / 9): a source alone, divided by 4, has 2.5 dB
    assert (found.levels < 1).all()


def test_the_page_shows_published_rows_and_ours(found):
    page = "\n".join(corpus.lines(found, TINY))
    assert "| Mixture / 4 | SiSEC 2018 | 1.33 | 0.67 | 1.16 | 1.12 |" in page
    assert "| Ideal ratio mask, power | SiSEC 2018 | 8.45 | 7.12 | 7.85 | 9.43 |" in page
    ours = corpus.signed(float(np.median(found.scores["irm-power"][:, 0])))
    assert f"|  | here | {ours} (" in page
    assert "2 test songs of 5 s at 8000 Hz, 1 of each of the seeds 31 to 32" in page


def test_a_second_counts_where_a_source_sounds():
    """-60 dBFS is an RMS of 0.001; what is left of a second counts for nothing."""
    rate = 100
    sound = np.zeros((2, 4 * rate + 50), np.float32)
    sound[:, :rate] = 0.002
    sound[:, rate : 2 * rate] = 0.0005
    assert corpus.active({"bass": sound}, rate) == [0.25]
