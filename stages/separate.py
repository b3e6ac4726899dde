"""One variant's excerpts: models/<variant>, reports/excerpts.json -> samples/<variant>/<id>.wav."""

from collections.abc import Callable, Mapping
from pathlib import Path

from hdemucs import audio
from hdemucs.config.estimation import EstimationConfig
from hdemucs.config.load import load
from hdemucs.data.segments import song
from hdemucs.evaluation.given import estimates_of
from hdemucs.files import write_text
from hdemucs.listening.excerpts import load_excerpts
from hdemucs.models.published import load_published
from hdemucs.progress import track as progress
from hdemucs.runs.dispatch import here_or_as_job
from hdemucs.runs.given import Given, given_to
from hdemucs.runs.songs import songs
from hdemucs.separation.system import filtered
from hdemucs.separation.testset import estimate

BITS = 24  # levels are set, and dither is added, later when converting to 16 bits
SILENT = "has scores and no sound, so it is in tables and in no listening set"

Estimates = Callable[[str], Mapping[str, audio.Signal]]  # by track


def main(name: str) -> None:
    """Separate whole songs, then cut excerpts: the model hears what comes before and after them."""
    given, place = given_to(name), Path("samples") / name
    if given and not given.sound_files:
        write_text(place / "README.txt", f"{name} {SILENT}.\n")
        print(f"{name}: {SILENT}")
        return
    excerpts = load_excerpts(Path("reports/excerpts.json"))
    manifest, _ = songs()
    of_track = separated(name) if given is None else taken(given)
    chosen = [track.name for track in manifest.split("test") if track.name in excerpts.tracks]
    for track in progress(chosen, f"separate {name}", unit="tracks"):
        estimates = of_track(track)
        for excerpt in excerpts.of(track):
            cut = estimates[excerpt.source][:, excerpt.start : excerpt.start + excerpt.frames]
            audio.write(place / f"{excerpt.id}.wav", cut, manifest.sample_rate, BITS)


def separated(name: str) -> Estimates:
    """The estimates of the variant's model."""
    how = load(Path(f"configs/separation/{name}.json"), EstimationConfig)
    manifest, root = songs()
    ensemble = filtered(load_published(Path("models") / name).ensemble, how.post).eval()

    def of_track(wanted: str) -> dict[str, audio.Signal]:
        track = next(track for track in manifest.split("test") if track.name == wanted)
        mixture, _ = song(root, manifest, track)
        made = estimate(ensemble, wanted, mixture, manifest.sample_rate, how).numpy()
        return dict(zip(ensemble.sources, made, strict=True))

    return of_track


def taken(given: Given) -> Estimates:
    """Another group's estimates, from its sound files."""
    sources = songs()[0].sources
    return lambda track: estimates_of(given.folder, track, sources)


if __name__ == "__main__":
    here_or_as_job("separate", __doc__, main)
