"""One variant's scores: models/<variant>, the test songs -> reports/scores/<variant>[.json]."""

from pathlib import Path

from hdemucs.config.estimation import EstimationConfig
from hdemucs.config.evaluation import EvaluationConfig
from hdemucs.config.load import load
from hdemucs.evaluation.aggregation import save_summary
from hdemucs.evaluation.pictures import NAME
from hdemucs.evaluation.separated import score_separated
from hdemucs.evaluation.systems import Facts, save_system
from hdemucs.evaluation.tracks import data_facts
from hdemucs.models.published import load_published
from hdemucs.runs.dispatch import here_or_as_job
from hdemucs.runs.songs import songs
from hdemucs.separation.testset import separator
from hdemucs.workers import jobs


def main(name: str) -> None:
    """Every test song is separated whole, as it is on disk."""
    how = load(Path(f"configs/separation/{name}.json"), EstimationConfig)
    metrics = load(Path("configs/evaluate.json"), EvaluationConfig).metrics
    manifest, root = songs()
    folder = Path("reports/scores") / name
    separate = separator(load_published(Path("models") / name).ensemble, manifest.sample_rate, how)
    scores = score_separated(manifest, root, separate, metrics, folder / NAME, jobs())
    data = data_facts(manifest, Path("data/manifest.json"))
    facts = Facts(system=name, kind="model", data=data, metrics=metrics, separation=how.separation)
    save_system(folder, scores, facts)
    save_summary(folder)


if __name__ == "__main__":
    here_or_as_job("evaluate", __doc__, main)
