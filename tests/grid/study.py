"""The paper's grid in small: every line of params.yaml, with nothing changed but sizes."""

import contextlib
import copy
import random
import shutil
from dataclasses import dataclass
from pathlib import Path

from ruamel.yaml import YAML

from hdemucs.evaluation.systems import load_system
from hdemucs.runs.songs import training_songs
from hdemucs.runs.workspace import Workspace
from hdemucs.study.params import read_params
from hdemucs.study.variants import GIVEN
from hdemucs.training.loop import Interrupted
from hdemucs.training.run import train
from stages import automix, evaluate, fetch, oracles, report, resolve
from stages import train as collect
from tests.pipeline.conftest import TINY as PIPELINE
from tests.systems import TINY as SYSTEMS
from tests.training.runs import ALONE

PROJECT = Path(__file__).parents[2]
PARAMS = read_params(PROJECT / "params.yaml")
VARIANTS = {  # those that are made here, of others' there are tests of their own
    name: variant for name, variant in PARAMS["variants"].items() if not variant.keys() & set(GIVEN)
}

EPOCHS, STEPS = 2, 2
HEARD = ["waveform", "hybrid", "bag_all"]  # all would be too many for a listener
CORPUS = {"seed": 3, "train": 2, "valid": 1, "test": 2, "seconds": 2.5, "soundfont": "auto"}
MODEL = {
    "channels": 4, "depth": 5, "norm_from": 3, "residual": {"lstm_from": 3, "attention_from": 3},
}  # fmt: skip


def without(mapping, *keys):
    return {key: value for key, value in mapping.items() if key not in keys}


DEMUCS = {"averages": {"step": [0.9], "epoch": [0.5]}, "penalty": {"min_size": 0.001}}
KINDS = {name: family["model"]["kind"] for name, family in PARAMS["base"]["families"].items()}
SMALLEST = {
    **{
        name: {"model": without(SYSTEMS[kind], "sample_rate")}
        for name, kind in KINDS.items()
        if kind in SYSTEMS
    },
    "conv_tasnet": {"model": SYSTEMS["conv_tasnet"], "training": {"chunk": 1.0}},
    "hybrid": {"model": {**MODEL, "window": 1024}, "training": DEMUCS},
    "waveform": {"model": MODEL, "training": DEMUCS},
    "wave_u_net": {"model": {**without(SYSTEMS["wave_u_net"], "sample_rate"), "rate": 4000}},
}


def of_family(name):
    """The smallest model of a family, one for all sources; a short shift where it shifts at all."""
    family, own = PARAMS["base"]["families"][name], SMALLEST.get(name, {})
    mixing = {
        **PARAMS["base"]["training"]["mixing"],
        **family.get("training", {}).get("mixing", {}),
    }
    shift = {"mixing": {"shift": 0.1}} if mixing["kind"] == "remix" else {}
    return {**own, "training": {**own.get("training", {}), "per_source": False, **shift}}


LOOP = {"steps_per_epoch": STEPS, "batch": 4, "segment": 0.6}
TINY = {
    **PIPELINE,
    "fetch": {"sample_rate": 8000, "data": {"kind": "embedded", "corpus": CORPUS}},
    "families": {name: of_family(name) for name in KINDS},
    "training": {
        **LOOP, "epochs": EPOCHS, "checkpoint_every": STEPS, "threads": 1, "workers": 0,
    },
    "fine_tuning": {**LOOP, "epochs": 1, "mixing": {"shift": 0.1, "stride": 1.0}},
    "validation": {"segment": 3.0},
    "separation": {"segment": 2.0},
    "listening": {**PIPELINE["listening"], "anchors": {"names": ["lowpass-3500", "mixture"]}},
    "evaluate": {"metrics": {"metrics": "sdr"}, "oracles": {"names": ["mixture"], "window": 1024}},
}  # fmt: skip


def small(params):
    """Take every variant into the study, at a scale that is the paper's but for its sizes."""
    params["variants"] = {name: params["variants"][name] for name in VARIANTS}
    params["study"], params["scale"] = list(VARIANTS), "tiny"
    params["scales"]["tiny"] = TINY
    params["base"]["listening"]["systems"] = HEARD
    for variant in params["variants"].values():
        changes = variant.get("paper", {})
        variant["tiny"] = shortened(changes, params["base"], variant.get("family"))


def shortened(changes, base, family):
    """What a variant changes at the paper's scale but sizes; a model's, and epochs, in proportion.

    A size is to its family's smallest as the variant's is to the family's at the paper's scale.
    """
    changes = copy.deepcopy(changes)
    training = changes["training"] = without(
        changes.get("training", {}), "batch", "segment", "chunk"
    )
    if family is None:
        return changes
    of = base["families"][family]
    smallest = of_family(family)["model"]
    changes["model"] = {
        key: in_proportion(value, of["model"][key], smallest[key]) if type(value) is int else value
        for key, value in changes.get("model", {}).items()
    }
    if "epochs" in training:
        whole = {**base["training"], **of.get("training", {})}["epochs"]
        training["epochs"] = max(1, EPOCHS * training["epochs"] // whole)
    return changes


def in_proportion(value, whole, smallest):
    return max(1, round(smallest * value / whole))


def built_upon(name):
    """The variants whose finished models one needs."""
    variant = VARIANTS[name]
    origin = [variant["fine_tune"]] if "fine_tune" in variant else []
    return [*origin, *variant.get("bag", {}).get("members", [])]


@dataclass(frozen=True)
class Training:
    """One variant trained twice: in one go, and stopped and gone on with."""

    whole: Path
    stopped: Path
    made: int  # checkpoints that the stop left behind


class Grid:
    """A study of all variants, by the pipeline's own stages in this process, each made once."""

    def __init__(self, root):
        self.root, self.here = root, Workspace(root)
        self.trainings, self.collected, self.scored = {}, set(), {}
        yaml = YAML()  # keeps the order of the variants, which is that of the tables
        params = yaml.load(PROJECT / "params.yaml")
        small(params)
        yaml.dump(params, root / "params.yaml")
        shutil.copy(PROJECT / "cluster.yaml", root)
        (root / "hdemucs").symlink_to(PROJECT / "hdemucs")
        with contextlib.chdir(root):
            for stage in (resolve, fetch, automix):
                stage.main()
            self.data = training_songs(self.here)

    def trained(self, name):
        """A variant's run directory made and trained as its job does it."""
        if name not in self.trainings:
            for other in built_upon(name):
                self.trained(other)
            run = self.here.made(name)
            whole = self.root / "whole" / name
            shutil.copytree(run.folder, whole)
            moments = iter(range(10_000))
            train(whole, self.data, ALONE, lambda: next(moments) < 0)
            stop = random.Random(name).randrange(1, next(moments))
            moments = iter(range(10_000))
            with contextlib.suppress(Interrupted):
                train(run.folder, self.data, ALONE, lambda: next(moments) == stop)
            made = len(list(run.folder.glob("checkpoints/*.sha256")))
            assert not run.done
            train(run.folder, self.data, ALONE, lambda: False)
            self.trainings[name] = Training(whole, run.folder, made)
        return self.trainings[name]

    def published(self, name):
        """models/<variant>, as stage `train` publishes it."""
        if name not in self.collected:
            others = built_upon(name)
            for other in others:
                self.published(other)
            if "bag" not in VARIANTS[name]:
                self.trained(name)
            with contextlib.chdir(self.root):
                collect.main(name)
            self.collected.add(name)
        return self.root / "models" / name

    def scores(self, name):
        """The test songs, separated and scored by stage `evaluate`."""
        if name not in self.scored:
            self.published(name)
            with contextlib.chdir(self.root):
                evaluate.main(name)
            self.scored[name] = load_system(self.root / "reports/scores" / name)
        return self.scored[name]

    def report(self):
        """The folder of the report on all variants."""
        for name in VARIANTS:
            self.scores(name)
        with contextlib.chdir(self.root):
            oracles.main()
            report.main()
        return self.root / "reports"
