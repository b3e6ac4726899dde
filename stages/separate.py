"""One variant's excerpts: models/<variant>, reports/excerpts.json -> samples/<variant>/<id>.wav."""

from pathlib import Path

from hdemucs import audio
from hdemucs.config.estimation import EstimationConfig
from hdemucs.config.load import load
from hdemucs.data.segments import song
from hdemucs.listening.excerpts import load_excerpts
from hdemucs.models.published import load_published
from hdemucs.progress import track as progress
from hdemucs.runs.dispatch import here_or_as_job
from hdemucs.runs.songs import songs
from hdemucs.separation.system import filtered
from hdemucs.separation.testset import estimate

BITS = 24  # levels are set and dither added later, on the way to 16


def main(name: str) -> None:
    """Whole songs are separated, then cut: the model hears what comes before and after."""
    how = load(Path(f"configs/separation/{name}.json"), EstimationConfig)
    excerpts = load_excerpts(Path("reports/excerpts.json"))
    manifest, root = songs()
    ensemble = filtered(load_published(Path("models") / name).ensemble, how.post).eval()
    chosen = [track for track in manifest.split("test") if track.name in excerpts.tracks]
    for track in progress(chosen, f"separate {name}", unit="tracks"):
        mixture, _ = song(root, manifest, track)
        estimates = estimate(ensemble, track.name, mixture, manifest.sample_rate, how)
        for excerpt in excerpts.of(track.name):
            stem = estimates[ensemble.sources.index(excerpt.source)]
            cut = stem[:, excerpt.start : excerpt.start + excerpt.frames].numpy()
            place = Path("samples") / name / f"{excerpt.id}.wav"
            audio.write(place, cut, manifest.sample_rate, BITS)


if __name__ == "__main__":
    here_or_as_job("separate", __doc__, main)
