"""One variant's scores: models/<variant>, the test songs -> reports/scores/<variant>[.json]."""

from pathlib import Path

from hdemucs.config.estimation import EstimationConfig
from hdemucs.config.evaluation import EvaluationConfig
from hdemucs.config.load import load
from hdemucs.data.segments import song
from hdemucs.errors import one_line
from hdemucs.files import sha256, write_json
from hdemucs.model.shelf import load_published
from hdemucs.progress import track as progress
from hdemucs.scoring.aggregation import summary
from hdemucs.scoring.pictures import NAME, save_pictures, shown
from hdemucs.scoring.score import score_track
from hdemucs.scoring.systems import DataFacts, Facts, load_system, save_system
from hdemucs.separation.testset import estimate
from stages.arguments import variant
from stages.songs import songs


def main(name: str) -> None:
    """Every test song is separated whole, as it is on disk."""
    how = load(Path(f"configs/separation/{name}.json"), EstimationConfig)
    metrics = load(Path("configs/evaluate.json"), EvaluationConfig).metrics
    manifest, root = songs()
    bag = load_published(Path("models") / name).bag
    folder, scores = Path("reports/scores") / name, []
    for track in progress(manifest.split("test"), f"evaluate {name}", unit="tracks"):
        mixture, stems = song(root, manifest, track)
        estimates = estimate(bag, track.name, mixture, manifest.sample_rate, how)
        references = dict(zip(manifest.sources, stems.numpy(), strict=True))
        answers = dict(zip(manifest.sources, estimates.numpy(), strict=True))
        scores.append(score_track(track.name, references, answers, manifest.sample_rate, metrics))
        if track.name == shown(manifest.split("test")):
            save_pictures(folder / NAME, answers, manifest.sample_rate)
    data = DataFacts(
        name=manifest.name,
        sha256=sha256(Path("data/manifest.json")),
        sample_rate=manifest.sample_rate,
    )
    facts = Facts(system=name, kind="model", data=data, metrics=metrics, separation=how.separation)
    save_system(folder, scores, facts)
    write_json(folder.with_suffix(".json"), summary(load_system(folder)))


if __name__ == "__main__":
    with one_line():
        main(variant(__doc__))
