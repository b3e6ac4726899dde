"""Rows that need no training: configs/evaluate.json, the songs -> reports/oracles/<name>/."""

from pathlib import Path

from hdemucs.config.evaluation import EvaluationConfig
from hdemucs.config.load import load
from hdemucs.data.stems import read_stems
from hdemucs.errors import ending, one_line
from hdemucs.evaluation.oracle_scores import score_oracles
from hdemucs.evaluation.pictures import NAME, save_pictures, shown
from hdemucs.evaluation.systems import Facts, save_system
from hdemucs.evaluation.tracks import data_facts
from hdemucs.runs.songs import songs
from hdemucs.workers import jobs


def main() -> None:
    """Score floors, the fitted filter and ideal masks like trained systems."""
    config = load(Path("configs/evaluate.json"), EvaluationConfig)
    manifest, root = songs()
    scored = score_oracles(manifest, root, config, jobs())
    for name, tracks in scored.items():
        facts = Facts(
            system=name,
            kind="oracle",
            data=data_facts(manifest, Path("data/manifest.json")),
            metrics=config.metrics,
            separation=None,
        )
        save_system(Path("reports/oracles") / name, tracks, facts)
    test = {track.name: track for track in manifest.split("test")}
    stems = read_stems(root, test[shown(test.values())], manifest.sources)
    save_pictures(Path("reports/oracles") / NAME, stems, manifest.sample_rate)
    print(f"{len(scored)} oracles on {len(test)} test tracks")


if __name__ == "__main__":
    with ending(), one_line():
        main()
