"""Dividing the mixture by 4 is about as good an estimate as on MUSDB18, for each source."""

import numpy as np
import pytest

from hdemucs.config.corpus import CorpusConfig
from hdemucs.corpus.plan import Plan
from hdemucs.corpus.soundfont import locate
from hdemucs.corpus.styles import STYLES
from hdemucs.corpus.track import rendered
from hdemucs.metrics.sdr import sdr

RATE, SECONDS, SEED = 8000, 10.0, 40
SOURCES = ("drums", "bass", "other", "vocals")
# MIX of SiSEC 2018 (sigsep/sigsep-mus-2018), median of the 50 MUSDB18 test tracks.
PUBLISHED = {"drums": 1.33, "bass": 0.67, "other": 1.16, "vocals": 1.12}


@pytest.fixture(scope="module")
def medians():
    """Medians of tracks' median frames, by source, over two songs of every style."""
    config = CorpusConfig(
        seed=SEED, train=1, valid=1, test=1, seconds=SECONDS, sample_rate=RATE, soundfont="auto"
    )
    tracks = []
    for index in range(2 * len(STYLES)):
        song = rendered(Plan(SEED, "test", index), config, locate("auto").path)
        stems = np.stack([song[source] for source in SOURCES]) / 32_768
        quarter = np.broadcast_to(song["mixture"] / 32_768 / 4, stems.shape)
        tracks.append(np.nanmedian(sdr(stems, quarter, RATE, RATE), axis=1))
    return dict(zip(SOURCES, np.nanmedian(tracks, axis=0), strict=True))


@pytest.mark.parametrize("source", SOURCES)
def test_a_quarter_of_the_mixture_scores_as_on_musdb18(medians, source):
    """The medians of 16 songs vary by about 0.4 dB from seed to seed."""
    assert medians[source] == pytest.approx(PUBLISHED[source], abs=1.0)


def test_drums_are_no_weaker_than_the_bass(medians):
    """SiSEC 2018's order: drums stand out most, the bass least."""
    assert medians["drums"] > medians["bass"]
