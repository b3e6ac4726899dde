"""Mixes for fine-tuning: the songs -> data/automix/, data/automix.json; nothing if none tunes."""

from pathlib import Path

from hdemucs.automix.dataset import make
from hdemucs.config.automix import AutomixStageConfig
from hdemucs.config.load import load
from hdemucs.data.manifest import save_manifest
from hdemucs.errors import ending, one_line
from hdemucs.files import write_text
from hdemucs.runs.songs import songs
from hdemucs.runs.workspace import Workspace
from hdemucs.workers import jobs

OUT = Path("data/automix")


def main() -> None:
    """Make the mixes if a variant of the study is fine-tuned; a killed process can be resumed."""
    config = load(Path("configs/automix.json"), AutomixStageConfig)
    if not config.wanted:
        write_text(OUT / "README.txt", "No variant of the study is fine-tuned.\n")
        write_text(Path("data/automix.json"), "null\n")
        return
    manifest, root = songs()
    home = Workspace(Path.cwd()).home / "data"
    made = make(config.mixes, root, manifest, home, OUT, jobs())
    save_manifest(made, Path("data/automix.json"))


if __name__ == "__main__":
    with ending(), one_line():
        main()
