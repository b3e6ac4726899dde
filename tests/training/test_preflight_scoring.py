"""Hours of a test set are foreseen from seconds of noise, by the networks that will separate it."""

import dataclasses

import pytest
import torch

from hdemucs.cli import main, networks
from hdemucs.config.estimation import EstimationConfig
from hdemucs.config.evaluation import MetricsConfig
from hdemucs.config.separation import SeparationConfig
from hdemucs.errors import UserError
from hdemucs.models.family import Conditions, build
from hdemucs.preflight import scoring
from hdemucs.preflight.scoring import Basis, Network, Stopwatch, System, foreseen, table
from hdemucs.preflight.scoring import TestSet as Songs
from hdemucs.released.obtain import FOLDER
from hdemucs.separation import testset
from hdemucs.study.params import read_params
from tests.family import FAMILY, SOURCES
from tests.models.official.counterparts import CASES
from tests.pipeline.conftest import ROOT
from tests.released.server import packaged

CPU = torch.device("cpu")
METRICS = MetricsConfig(window=1.0, hop=1.0, metrics="sdr", filter_length=512, backend="own")
# Excerpts in two of four songs; with segments of 2 s, half of such a song is separated again.
SONGS = Songs("nobody's", 4, 7200.0, 2, 898.0, SOURCES, 8000, 2)
PARAMS = read_params(ROOT / "params.yaml")


def how(**changes):
    plain = dict(segment=2.0, overlap=0.5, shifts=1, max_shift=0.5)
    separation = SeparationConfig(**{**plain, **changes})
    return EstimationConfig(variant="x", separation=separation, post=None, seed=1, threads=1)


def of(*names, **changes):
    return System("x", tuple(Network(FAMILY[n], Basis.VARIANT) for n in names), how(**changes))


@pytest.fixture
def measured(monkeypatch):
    """A clock by which a segment of one second takes one second; and what was measured."""
    lengths = []

    def timed(self, _model, samples):
        lengths.append(samples)
        return samples / self.songs.rate

    monkeypatch.setattr(Stopwatch, "timed", timed)
    monkeypatch.setattr(Stopwatch, "scoring", lambda _: 0.25)
    monkeypatch.setattr(testset, "memory", lambda: 2**40)
    return lengths


@pytest.mark.usefixtures("measured")
@pytest.mark.parametrize(
    ("names", "changes", "cores", "scores", "excerpts"),
    [
        (["hybrid"], {}, 1, 4.5, 1.0),  # 2 h of songs, each second twice: overlap; then scoring
        (["hybrid"], {}, 2, 2.25, 0.5),  # two songs at a time; a quarter is separated again
        (["hybrid"], {}, 4, 1.125, 0.5),  # four songs; two that are separated again
        (["hybrid"], {}, 8, 1.0, 0.5),  # no more songs than there are
        (["hybrid"], {"shifts": 3, "overlap": 0.0}, 4, 1.625, 0.75),
        (["hybrid", "waveform"], {}, 1, 8.5, 2.0),
        (["hybrid", "waveform"], {}, 2, 4.25, 1.0),  # side by side, so one song at a time
        (["hybrid", "waveform"], {}, 8, 1.0625, 0.5),
        ([], {}, 1, 0.5, 0.0),  # somebody's sound files
    ],
)
def test_models_runs_overlap_and_cores_add_up(monkeypatch, names, changes, cores, scores, excerpts):
    monkeypatch.setenv("HDEMUCS_JOBS", str(cores))
    [found] = Stopwatch(SONGS, METRICS, CPU).hours([of(*names, **changes)])
    assert (found.scores, found.excerpts) == pytest.approx((scores, excerpts))


def test_excerpts_cost_no_more_than_whole_songs():
    assert SONGS.again(2.0) == pytest.approx(1 / 4)
    assert SONGS.again(5000.0) == 1 / 2  # one segment is the whole song: no part of it is saved
    many = dataclasses.replace(SONGS, excerpts=400)
    assert many.again(2.0) == 1.0
    assert dataclasses.replace(SONGS, excerpts=0).again(2.0) == 0.0


def test_each_size_is_measured_once(measured):
    watch = Stopwatch(SONGS, METRICS, CPU)
    once = watch.hours([of("hybrid")])
    count = len(measured)
    again = watch.hours([of("hybrid"), of("hybrid", "hybrid")])
    assert len(measured) == count
    assert again[0].scores == once[0].scores
    watch.hours([of("hybrid", segment=1.0)])
    assert len(measured) == 2 * count


def test_a_long_segment_is_foreseen_from_shorter_ones(measured):
    """Linear parts and those that grow as the square of the length, as attention does."""
    square = [3 * length + 5 * length**2 for length in (0.25, 0.5, 1.0)]
    assert foreseen(*square[:2]) == pytest.approx(square[2])
    assert foreseen(1.0, 1.9) == 3.8  # a clock's noise makes nothing cheaper than in proportion
    Stopwatch(SONGS, METRICS, CPU).hours([of("hybrid", segment=44.0)])
    assert max(measured) == 22 * SONGS.rate


def test_a_model_that_takes_one_length_is_given_that(measured):
    network = Network(FAMILY["hybrid"], Basis.VARIANT, Conditions(normalise="none", chunk=1.5))
    Stopwatch(SONGS, METRICS, CPU).hours([System("x", (network,), how())])
    assert set(measured) == {int(1.5 * SONGS.rate)}


def test_real_networks_are_timed(monkeypatch):
    monkeypatch.setenv("HDEMUCS_JOBS", "1")
    songs = dataclasses.replace(SONGS, seconds=40.0)
    one, two = Stopwatch(songs, METRICS, CPU).hours([of("hybrid"), of("hybrid", "waveform")])
    assert 0 < one.excerpts < two.excerpts
    assert one.scores > one.excerpts


@pytest.mark.usefixtures("measured")
def test_the_command_tells_of_the_study_or_of_the_variants_that_are_named(capsys, monkeypatch):
    monkeypatch.chdir(ROOT)
    main(["preflight", "--scale", "quick"])
    told = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in told[3:-2]] == PARAMS["study"]
    main(["preflight", "--scale", "quick", "bag_waveform", "released_bag"])
    told += capsys.readouterr().out.splitlines()
    assert "alike" in told[-5]
    assert max(map(len, told)) <= 80


def test_a_table_fits_a_terminal():
    long = dataclasses.replace(of("hybrid"), name="a_name_of_more_than_thirty_characters")
    guess = Network(FAMILY["hybrid"], Basis.GUESS)
    systems = [of("waveform"), dataclasses.replace(long, networks=(guess,) * 4)]
    found = [scoring.Hours(each, 123_456.7, 0.0123) for each in systems]
    lines = table(found, SONGS, "released", "a GPU")
    assert max(map(len, lines)) <= 80
    assert lines[4].endswith("a guess")
    assert lines[5].split() == ["all", "247,000", "h", "0.0246", "h"]
    assert lines[6] == "in all 247,000 h (28.2 years)"


# Which networks a variant has


def test_a_released_model_is_measured_by_its_file_or_by_one_like_it(tmp_path, monkeypatch):
    monkeypatch.delenv(FOLDER, raising=False)
    bag = networks.system("released_mdx", PARAMS, "released", tmp_path)
    kinds = [(each.config.kind, each.basis) for each in bag.networks]
    assert kinds == [("waveform", Basis.ALIKE)] * 2 + [("hybrid", Basis.ALIKE)] * 2
    assert bag.networks[2].config.representation == "magnitude"
    assert networks.system("released_mdx_extra", PARAMS, "released", tmp_path).basis is Basis.GUESS
    monkeypatch.setenv(FOLDER, str(tmp_path))
    case = CASES["hybrid"]
    packaged(tmp_path / "fa0cb7f9-100d8bf4.th", case.theirs(), case.kwargs)
    [found] = networks.system("released_hybrid_ft", PARAMS, "released", tmp_path).networks
    assert found.basis is Basis.FILE
    count = sum(p.numel() for p in case.theirs().parameters())
    assert sum(p.numel() for p in build(found.config, 0).parameters()) == count


def test_bags_and_networks_of_one_source_are_counted(tmp_path):
    params = {**PARAMS, "variants": {**PARAMS["variants"], "sisec": {"scores": {"path": "x"}}}}
    counts = {
        name: len(networks.system(name, params, "paper", tmp_path).networks)
        for name in ("hybrid", "bag_all", "open_unmix", "sisec")
    }
    assert counts == {"hybrid": 1, "bag_all": 4, "open_unmix": 4, "sisec": 0}
    assert not networks.system("sisec", params, "paper", tmp_path).scored
    with pytest.raises(UserError, match="did you mean 'hybrid'"):
        networks.system("hybird", PARAMS, "quick", tmp_path)
