"""Choose the excerpts for listening: configs/excerpts.json, the songs -> reports/excerpts.json."""

from pathlib import Path

from hdemucs.config.listening import ExcerptsConfig
from hdemucs.config.load import load
from hdemucs.errors import ending, one_line
from hdemucs.listening.excerpts import save_excerpts
from hdemucs.listening.selection import select_from
from hdemucs.runs.songs import songs


def main() -> None:
    """The choice does not depend on any model."""
    config = load(Path("configs/excerpts.json"), ExcerptsConfig)
    excerpts = select_from(config, *songs())
    save_excerpts(excerpts, Path("reports/excerpts.json"))
    print(
        f"{len(excerpts.excerpts)} excerpts of {len(excerpts.tracks)} songs",
        *excerpts.notes,
        sep="\n",
    )


if __name__ == "__main__":
    with ending(), one_line():
        main()
