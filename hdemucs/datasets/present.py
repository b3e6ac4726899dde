"""Where a study's data are, once they have been fetched."""

from __future__ import annotations

from pathlib import Path

from hdemucs.config.data import EmbeddedConfig, FetchConfig
from hdemucs.data.manifest import Manifest
from hdemucs.datasets.names import name_of
from hdemucs.datasets.place import check_present, where
from hdemucs.errors import UserError


def present(manifest: Manifest, config: FetchConfig, home: Path, jobs: int) -> Path:
    """The root of a manifest's data; the embedded corpus is rendered again if it is missing.

    Raises:
        UserError: the data are missing or others; it says what to type.
    """
    name = name_of(config)
    if manifest.name != name:
        problem = f"describes the data set {manifest.name}, but params.yaml asks for {name}"
        raise UserError("data/manifest.json", problem, "run `dvc repro fetch`")
    root = where(name, home)
    if isinstance(config.data, EmbeddedConfig) and not config.extra and not root.exists():
        from hdemucs.datasets.embedded import restore_embedded  # a second for what is seldom needed

        restore_embedded(config.data.corpus, root, manifest, jobs)
    check_present(root, manifest)
    return root
