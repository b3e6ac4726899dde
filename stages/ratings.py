"""Listeners' answers: answers/, private/listening/key.csv -> reports/ratings/."""

from pathlib import Path

from hdemucs.config.listening import RatingsConfig
from hdemucs.config.load import load
from hdemucs.errors import one_line
from hdemucs.files import read_json
from hdemucs.listening.analysis.analyse import analyse
from hdemucs.listening.analysis.whole import Means

CURE = "run `dvc repro evaluate`, which writes it"


def main() -> None:
    """Succeeds with no answers as well, and says so."""
    config = load(Path("configs/ratings.json"), RatingsConfig)
    folders = {"answers": Path("answers"), "out": Path("reports/ratings")}
    print(analyse(config, key=Path("private/listening/key.csv"), whole=means(config), **folders))


def means(config: RatingsConfig) -> Means:
    """Each system's nSDR on the whole test set."""
    paths = {name: Path("reports/scores") / f"{name}.json" for name in config.systems}
    return {name: read_json(path, CURE)["nsdr"] for name, path in paths.items() if path.exists()}


if __name__ == "__main__":
    with one_line():
        main()
