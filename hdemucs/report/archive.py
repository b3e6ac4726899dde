"""One ZIP file with everything that a reader needs to check a study's numbers, and a manifest.

The same results give the same bytes: names are sorted and dates are left out.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from hdemucs.errors import UserError
from hdemucs.files import replacing, sha256

FILES = (
    "LICENSE", "CITATION.cff", "README.md", "params.yaml", "dvc.yaml", "dvc.lock",
    "requirements.lock", "data/manifest.json",
)  # fmt: skip
FOLDERS = ("configs", "reports")
WITHOUT = ("reports/listening", "reports/answers")  # excerpts of songs, and people's answers
MANIFEST = "manifest.json"
EPOCH = (1980, 1, 1, 0, 0, 0)  # the first date that a ZIP file can hold
MODE = 0o644 << 16


def write_archive(root: Path, target: Path) -> dict[str, Any]:
    """Write the archive; return its manifest: size and SHA-256 of every file, digest of every
    model.

    Raises:
        UserError: the report or a file that belongs to it is missing.
    """
    for name in (*FILES, "reports/index.html"):
        if not (root / name).is_file():
            raise UserError(root / name, "is missing", "run `dvc repro report` first")
    paths = sorted({*(root / name for name in FILES), *kept(root)})
    named = {path.relative_to(root).as_posix(): path for path in paths}
    manifest = {
        "files": {name: facts(path) for name, path in named.items()},
        "models": models(root / "dvc.lock"),
    }
    with replacing(target) as temporary, zipfile.ZipFile(temporary, "w") as archive:
        for name, path in named.items():
            add(archive, name, path.read_bytes())
        add(archive, MANIFEST, (json.dumps(manifest, indent=2) + "\n").encode())
    return manifest


def kept(root: Path) -> Iterator[Path]:
    """The files below FOLDERS that are published."""
    for folder in FOLDERS:
        for path in (root / folder).rglob("*"):
            name = path.relative_to(root).as_posix()
            hidden = any(part.startswith(".") for part in path.relative_to(root).parts)
            if path.is_file() and not hidden and not name.startswith(WITHOUT):
                yield path


def facts(path: Path) -> dict[str, Any]:
    return {"size": path.stat().st_size, "sha256": sha256(path)}


def models(lock: Path) -> dict[str, Any]:
    """Size and MD5 of each output below models/, as dvc.lock has them."""
    stages = YAML(typ="safe").load(lock).get("stages", {})
    outs = [out for stage in stages.values() for out in stage.get("outs", [])]
    return {
        out["path"]: {"md5": out["md5"], "size": out.get("size")}
        for out in outs
        if out["path"].startswith("models/")
    }


def add(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    entry = zipfile.ZipInfo(name, EPOCH)
    entry.external_attr, entry.compress_type = MODE, zipfile.ZIP_DEFLATED
    archive.writestr(entry, content)


def holds(archive: Path) -> list[str]:
    """Differences between an archive's content and its manifest; [] if there are none."""
    with zipfile.ZipFile(archive) as file:
        said = json.loads(file.read(MANIFEST))["files"]
        there = set(file.namelist()) - {MANIFEST}
        wrong = [f"{name}: is only on one side" for name in sorted(there ^ said.keys())]
        for name in sorted(there & said.keys()):
            if hashlib.sha256(file.read(name)).hexdigest() != said[name]["sha256"]:
                wrong.append(f"{name}: has other content than the manifest says")
    return wrong
