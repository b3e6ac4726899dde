"""Songs that were scored before a kill are neither separated nor scored again."""

import numpy as np
import pytest

from hdemucs.config.evaluation import MetricsConfig
from hdemucs.datasets.expected import Expected
from hdemucs.datasets.record import record
from hdemucs.evaluation.separated import Keep, score_separated
from hdemucs.evaluation.systems import DataFacts, Facts, save_system
from tests.data.conftest import RATE, SOURCES, write_track

CONFIG = MetricsConfig(window=1.0, hop=1.0, metrics="sdr", filter_length=512, backend="own")
NAMES = ("Ann - One", "Bob - Two", "Cid - Three")


@pytest.fixture(scope="module")
def songs(tmp_path_factory):
    root = tmp_path_factory.mktemp("songs")
    write_track(root / "train" / "Dan - Four", 9)
    for place, name in enumerate(NAMES):
        write_track(root / "test" / name, place, frames=RATE)
    return root, record(root, "songs", Expected(SOURCES, RATE, 2), (), 1)


class Killed(BaseException):
    pass


def separator(asked, dies_at=None):
    def separate(songs):
        for track, mixture in songs:
            if track == dies_at:
                raise Killed
            asked.append(track)
            rng = np.random.default_rng(len(track))
            noise = (0.01 * rng.standard_normal((4, *mixture.shape))).astype(np.float32)
            yield {s: mixture / 4 + n for s, n in zip(SOURCES, noise, strict=True)}

    return separate


def files(folder):
    return {p.relative_to(folder): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def scored(songs, place, separate, kept):
    root, manifest = songs
    found = score_separated(manifest, root, separate, CONFIG, Keep(place / "pictures.png", kept), 2)
    data = DataFacts(name="songs", sha256="0", sample_rate=RATE)
    facts = Facts(system="a", kind="model", data=data, metrics=CONFIG, separation=None)
    save_system(place, found, facts)
    return files(place)


def test_it_goes_on_where_it_was_and_ends_in_the_same_bytes(songs, tmp_path):
    whole = scored(songs, tmp_path / "whole", separator([]), None)
    asked = []
    with pytest.raises(Killed):
        scored(songs, tmp_path / "out", separator(asked, dies_at=NAMES[2]), tmp_path / "kept")
    assert asked == [*NAMES[:2]]
    assert scored(songs, tmp_path / "out", separator(asked), tmp_path / "kept") == whole
    assert asked == [*NAMES]
    assert scored(songs, tmp_path / "again", separator(asked), tmp_path / "kept") == whole
    assert asked == [*NAMES]
