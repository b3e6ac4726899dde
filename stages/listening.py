"""The listening sets: samples/, the songs -> reports/listening/, private/listening/key.csv."""

from pathlib import Path

from hdemucs.config.listening import ListeningConfig
from hdemucs.config.load import load
from hdemucs.errors import one_line
from hdemucs.listening.excerpts import load_excerpts
from hdemucs.listening.publish.folder import publish
from hdemucs.listening.stimuli.inputs import Inputs
from hdemucs.runs.songs import songs


def main() -> None:
    """What listeners get, and the key apart from it."""
    config = load(Path("configs/listening.json"), ListeningConfig)
    excerpts = load_excerpts(Path("reports/excerpts.json"))
    manifest, root = songs()
    inputs = Inputs(root, manifest, excerpts, Path("samples"))
    print(publish(config, inputs, Path("reports/listening"), Path("private/listening/key.csv")))


if __name__ == "__main__":
    with one_line():
        main()
