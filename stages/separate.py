"""One variant's excerpts: models/<variant>, reports/excerpts.json -> samples/<variant>/<id>.wav."""

from pathlib import Path

from hdemucs.config.estimation import EstimationConfig
from hdemucs.config.load import load
from hdemucs.evaluation.given import estimates_of
from hdemucs.evaluation.tracks import read_mixture
from hdemucs.files import write_text
from hdemucs.listening.cut import Estimates, cut
from hdemucs.listening.excerpts import Excerpts, load_excerpts
from hdemucs.models.published import load_published
from hdemucs.runs.dispatch import here_or_as_job
from hdemucs.runs.given import Given, given_to
from hdemucs.runs.songs import songs
from hdemucs.runs.unfinished import unfinished
from hdemucs.separation.testset import separator

MANIFEST, EXCERPTS = Path("data/manifest.json"), Path("reports/excerpts.json")
SILENT = "has scores and no sound, so it is in tables and in no listening set"


def main(name: str) -> None:
    """Cut excerpts out of songs' estimates: the model hears what comes before and after them."""
    given, place = given_to(name), Path("samples") / name
    if given and not given.sound_files:
        write_text(place / "README.txt", f"{name} {SILENT}.\n")
        print(f"{name}: {SILENT}")
        return
    excerpts = load_excerpts(EXCERPTS)
    estimates = separated(name, excerpts) if given is None else taken(given)
    tracks = [track.name for track in songs()[0].split("test") if track.name in excerpts.tracks]
    kept = unfinished("separate", name, inputs(name))
    cut(excerpts, tracks, estimates, place, kept)


def separated(name: str, excerpts: Excerpts) -> Estimates:
    """The estimates of the variant's model, of all segments of a song that excerpts touch."""
    how = load(Path(f"configs/separation/{name}.json"), EstimationConfig)
    manifest, root = songs()
    tracks = {track.name: track for track in manifest.split("test")}
    ensemble = load_published(Path("models") / name).ensemble
    spans = {
        track: [(each.start, each.start + each.frames) for each in excerpts.of(track)]
        for track in excerpts.tracks
    }
    separate = separator(ensemble, manifest.sample_rate, how, spans)
    return lambda names: separate((name, read_mixture(root, tracks[name])) for name in names)


def taken(given: Given) -> Estimates:
    """Another group's estimates, from its sound files."""
    sources = songs()[0].sources
    return lambda names: (estimates_of(given.folder, name, sources) for name in names)


def inputs(name: str) -> list[Path]:
    """All files that a variant's excerpts depend on; of others' estimates, their digests."""
    configs = (f"separation/{name}.json", f"code/separate/{name}.json")
    return [
        Path("models") / name,
        MANIFEST,
        EXCERPTS,
        *(Path("configs") / each for each in configs),
    ]


if __name__ == "__main__":
    here_or_as_job("separate", __doc__, main)
