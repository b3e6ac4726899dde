"""Listeners' answers: reports/answers/, the sets, their key -> reports/ratings/."""

from pathlib import Path

from hdemucs.config.listening import RatingsConfig
from hdemucs.config.load import load
from hdemucs.data.manifest import load_manifest
from hdemucs.errors import ending, one_line
from hdemucs.listening.analysis.analyse import Listened, analyse
from hdemucs.listening.analysis.whole import TestSet, read_means


def main() -> None:
    """Analyse the answers; without any, say so and succeed. Only answers need the key."""
    config = load(Path("configs/ratings.json"), RatingsConfig)
    data = load_manifest(Path("data/manifest.json")).name
    test = TestSet(data, read_means(Path("reports/scores"), config.systems))
    given = Listened(Path("reports/listening"), Path("private/listening"))
    print(analyse(config, Path("reports/answers"), given, Path("reports/ratings"), test))


if __name__ == "__main__":
    with ending(), one_line():
        main()
