"""A user's own data set: its description, its files -> data/own/<name>.json, their digests."""

from pathlib import Path

from hdemucs.config.load import validated
from hdemucs.datasets.originals import Listed, originals
from hdemucs.errors import ending, one_line
from hdemucs.files import write_json
from hdemucs.runs.dispatch import argument
from hdemucs.study.params import read_params


def main(name: str) -> None:
    """Write the digests; `fetch` converts the songs again if they change."""
    listed = validated(read_params(Path("params.yaml"))["own"][name], Listed, f"own.{name}")
    write_json(Path("data/own") / f"{name}.json", originals(name, listed))


if __name__ == "__main__":
    with ending(), one_line():
        main(argument(__doc__, "a name of params.yaml:own"))
