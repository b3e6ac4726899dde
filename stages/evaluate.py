"""One variant's scores: models/<variant>, the test songs -> reports/scores/<variant>[.json]."""

from pathlib import Path

from hdemucs.config.estimation import EstimationConfig
from hdemucs.config.evaluation import EvaluationConfig
from hdemucs.config.load import load
from hdemucs.evaluation.aggregation import save_summary
from hdemucs.evaluation.given import estimates_of, given_estimates, given_scores, missing
from hdemucs.evaluation.pictures import NAME, save_pictures, shown
from hdemucs.evaluation.separated import Keep, score_separated
from hdemucs.evaluation.systems import Facts, save_system
from hdemucs.evaluation.tracks import data_facts
from hdemucs.models.published import load_published
from hdemucs.runs.dispatch import here_or_as_job
from hdemucs.runs.given import given_to
from hdemucs.runs.songs import songs
from hdemucs.runs.unfinished import unfinished
from hdemucs.separation.testset import separator
from hdemucs.workers import jobs

MANIFEST = Path("data/manifest.json")


def main(name: str) -> None:
    """Separate and score every test song as a whole, or score estimates that others made."""
    how = load(Path(f"configs/separation/{name}.json"), EstimationConfig)
    metrics = load(Path("configs/evaluate.json"), EvaluationConfig).metrics
    manifest, root = songs()
    folder = Path("reports/scores") / name
    given = given_to(name)
    if given is None:
        ensemble = load_published(Path("models") / name).ensemble
        separate = separator(ensemble, manifest.sample_rate, how)
        kept = unfinished("evaluate", name, inputs(name))
        keep = Keep(folder / NAME, kept)
        scores = score_separated(manifest, root, separate, metrics, keep, jobs())
    elif given.sound_files:
        scores = given_estimates(given.folder, root, manifest, metrics, jobs())
        track = shown(manifest.split("test"))
        if track not in missing(given.folder, manifest, sound_files=True):
            heard = estimates_of(given.folder, track, manifest.sources)
            save_pictures(folder / NAME, heard, manifest.sample_rate)
    else:
        scores = given_scores(given.folder, manifest, metrics)
    data = data_facts(manifest, MANIFEST)
    separation = how.separation if given is None else None
    facts = Facts(system=name, kind="model", data=data, metrics=metrics, separation=separation)
    save_system(folder, scores, facts)
    save_summary(folder)


def inputs(name: str) -> list[Path]:
    """All files that a variant's scores depend on."""
    configs = ("evaluate.json", f"separation/{name}.json", f"code/evaluate/{name}.json")
    return [Path("models") / name, MANIFEST, *(Path("configs") / each for each in configs)]


if __name__ == "__main__":
    here_or_as_job("evaluate", __doc__, main)
