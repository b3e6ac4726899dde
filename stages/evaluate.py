"""One variant's scores: models/<variant>, the test songs -> reports/scores/<variant>[.json]."""

from pathlib import Path

from hdemucs.config.estimation import EstimationConfig
from hdemucs.config.evaluation import EvaluationConfig
from hdemucs.config.load import load
from hdemucs.data.workers import jobs
from hdemucs.files import write_json
from hdemucs.model.shelf import load_published
from hdemucs.scoring.aggregation import summary
from hdemucs.scoring.pictures import NAME
from hdemucs.scoring.separated import score_separated
from hdemucs.scoring.systems import Facts, load_system, save_system
from hdemucs.scoring.tracks import data_facts
from hdemucs.separation.testset import separator
from stages.anywhere import anywhere
from stages.songs import songs


def main(name: str) -> None:
    """Every test song is separated whole, as it is on disk."""
    how = load(Path(f"configs/separation/{name}.json"), EstimationConfig)
    metrics = load(Path("configs/evaluate.json"), EvaluationConfig).metrics
    manifest, root = songs()
    folder = Path("reports/scores") / name
    separate = separator(load_published(Path("models") / name).bag, manifest.sample_rate, how)
    scores = score_separated(manifest, root, separate, metrics, folder / NAME, jobs())
    data = data_facts(manifest, Path("data/manifest.json"))
    facts = Facts(system=name, kind="model", data=data, metrics=metrics, separation=how.separation)
    save_system(folder, scores, facts)
    write_json(folder.with_suffix(".json"), summary(load_system(folder)))


if __name__ == "__main__":
    anywhere("evaluate", __doc__, main)
