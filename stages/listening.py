"""Listening sets and demo: samples/, the songs -> reports/{listening,demo}/, private/listening/."""

from pathlib import Path

from hdemucs.config.listening import ListeningConfig
from hdemucs.config.load import load
from hdemucs.errors import ending, one_line
from hdemucs.listening.demo.build import demo
from hdemucs.listening.excerpts import load_excerpts
from hdemucs.listening.publish.folder import publish
from hdemucs.listening.stimuli.inputs import Inputs
from hdemucs.runs.songs import songs
from hdemucs.runs.workspace import Workspace


def main() -> None:
    """Write what listeners get, the key to it, and the page that plays everything by name.

    DVC sees neither the key nor the secret from which names may follow: both stay on this machine.
    The sets say what their names follow from.
    """
    private = Workspace(Path.cwd()).home / "private" / "listening"  # for experiments, too
    config = load(Path("configs/listening.json"), ListeningConfig)
    excerpts = load_excerpts(Path("reports/excerpts.json"))
    manifest, root = songs()
    inputs = Inputs(root, manifest, excerpts, Path("samples"))
    print(publish(config, inputs, Path("reports/listening"), private))
    print(demo(config, inputs, Path("reports/demo")))


if __name__ == "__main__":
    with ending(), one_line():
        main()
