"""Listeners' answers: reports/answers/, private/listening/key.csv -> reports/ratings/."""

from pathlib import Path

from hdemucs.config.listening import RatingsConfig
from hdemucs.config.load import load
from hdemucs.errors import one_line
from hdemucs.listening.analysis.analyse import analyse
from hdemucs.listening.analysis.whole import read_means


def main() -> None:
    """Succeeds with no answers as well, and says so."""
    config = load(Path("configs/ratings.json"), RatingsConfig)
    whole = read_means(Path("reports/scores"), config.systems)
    key, out = Path("private/listening/key.csv"), Path("reports/ratings")
    print(analyse(config, Path("reports/answers"), key, out, whole))


if __name__ == "__main__":
    with one_line():
        main()
