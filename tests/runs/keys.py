"""What every run's key is made of now: `python -m tests.runs.keys` accepts it as it is.

Do that only to re-key on purpose: no finished run is found again afterwards, and each trains anew.
"""

import json
from pathlib import Path

from hdemucs.config.training import deciding
from hdemucs.files import write_json
from hdemucs.study.code import training
from hdemucs.study.effective import train_configuration
from hdemucs.study.params import read_params

PROJECT = Path(__file__).parents[2]
GOLDEN = PROJECT / "tests/goldens/keys.json"
SCALE = "paper"


def paths(tree, path=""):
    """Of everything that a configuration says; what its values are is params.yaml's matter."""
    if not isinstance(tree, dict) or not tree:
        return {path}
    return {found for key, value in tree.items() for found in paths(value, f"{path}.{key}")}


def parts():
    """The configurations' keys and the code's digests, of all variants that are trained."""
    params = read_params(PROJECT / "params.yaml")
    names = [
        name
        for name, variant in params["variants"].items()
        if variant.keys() & {"family", "fine_tune"}
    ]
    configs = [train_configuration(params, SCALE, name) for name in names]
    keys = set().union(*(paths(deciding(config)) for config in configs))
    return {"config": sorted(keys), "code": training(*configs).digests(PROJECT)}


def golden():
    return json.loads(GOLDEN.read_text())


if __name__ == "__main__":
    write_json(GOLDEN, parts())
