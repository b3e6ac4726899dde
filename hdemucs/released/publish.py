"""Publish a released model, or a bag of several, as models/<variant> of the study."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from hdemucs.config.given import ReleasedConfig
from hdemucs.config.model import ModelConfig
from hdemucs.models.demucs.official.importing import import_official
from hdemucs.models.published import save_ensemble
from hdemucs.models.store import read_card, save_model
from hdemucs.released.obtain import obtain
from hdemucs.report.runs import ReleasedFacts


def weights_of(config: ReleasedConfig, members: dict[str, Path]) -> dict[str, dict[str, float]]:
    """The weights of each model, by source: equal, or those of the bag's authors."""
    sources = {name: read_card(place).config.sources for name, place in members.items()}
    rows = config.weights or [[1.0] * len(each) for each in sources.values()]
    return {
        name: dict(zip(each, row, strict=True))
        for (name, each), row in zip(sources.items(), rows, strict=True)
    }


def network_in(path: Path) -> ModelConfig:
    """The configuration of the network in a released file.

    Raises:
        UserError: the file is damaged or hostile.
    """
    return import_official(path)[1]


def publish(config: ReleasedConfig, home: Path, folder: Path) -> list[ReleasedFacts]:
    """Write `folder` as for a trained variant; return where each model comes from.

    Raises:
        UserError: a file cannot be obtained, is the wrong one, or is damaged or hostile.
    """
    facts = []
    folder.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}.") as place:
        members = {}
        for signature, file in config.files.items():
            path, digest = obtain(file, home)
            members[signature] = Path(place) / signature
            save_model(members[signature], *import_official(path))
            facts.append(
                ReleasedFacts(
                    file=file.file,
                    url=file.url,
                    sha256=digest,
                    authors=config.authors,
                    trained_on=config.trained_on,
                    parameters=read_card(members[signature]).parameters,
                )
            )
        if len(members) > 1:
            save_ensemble(folder, members, weights_of(config, members))
        else:
            [alone] = members.values()
            folder.mkdir(exist_ok=True)
            for file_ in sorted(alone.iterdir()):
                file_.replace(folder / file_.name)
    return facts
