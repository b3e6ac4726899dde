"""One archive of the results, whole, the same each time, with a manifest that fits."""

import json
import zipfile

import pytest
from ruamel.yaml import YAML

from hdemucs.errors import UserError
from hdemucs.report.archive import FILES, MANIFEST, holds, write_archive

LOCK = """
stages:
  train@hybrid:
    outs:
    - path: models/hybrid
      md5: 0123456789abcdef0123456789abcdef.dir
      size: 2300000
    - path: reports/runs/hybrid.json
      md5: 11111111111111111111111111111111
"""


@pytest.fixture
def study(tmp_path):
    root = tmp_path / "study"
    inside = ["reports/index.html", "reports/scores/hybrid/test/A - B.json", "configs/report.json"]
    private = [
        "reports/answers/one.json",
        "reports/listening/page.html",
        "models/hybrid/w",
        ".git/x",
    ]
    for name in (*FILES, *inside, *private):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(name)
    (root / "dvc.lock").write_text(LOCK)
    return root


def test_it_holds_the_results_and_the_digests_of_models(study, tmp_path):
    manifest = write_archive(study, tmp_path / "one.zip")
    with zipfile.ZipFile(tmp_path / "one.zip") as archive:
        names = set(archive.namelist())
        assert json.loads(archive.read(MANIFEST)) == manifest
    assert names == {*manifest["files"], MANIFEST}
    assert {"LICENSE", "CITATION.cff", "dvc.lock", "reports/scores/hybrid/test/A - B.json"} <= names
    assert not any(
        name.startswith(("reports/answers", "reports/listening", "models")) for name in names
    )
    known = {"md5": "0123456789abcdef0123456789abcdef.dir", "size": 2300000}
    assert manifest["models"] == {"models/hybrid": known}
    assert holds(tmp_path / "one.zip") == []
    write_archive(study, tmp_path / "two.zip")
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()


def test_changed_content_is_found(study, tmp_path):
    write_archive(study, tmp_path / "one.zip")
    with (
        zipfile.ZipFile(tmp_path / "one.zip") as old,
        zipfile.ZipFile(tmp_path / "x.zip", "w") as new,
    ):
        for name in old.namelist():
            new.writestr(name, b"9.99" if name == "reports/index.html" else old.read(name))
    assert holds(tmp_path / "x.zip") == [
        "reports/index.html: has other content than the manifest says"
    ]


def test_without_a_report_there_is_no_archive(study, tmp_path):
    (study / "reports" / "index.html").unlink()
    with pytest.raises(UserError, match=r"index\.html: is missing; run `dvc repro report` first"):
        write_archive(study, tmp_path / "one.zip")
    assert not (tmp_path / "one.zip").exists()


def test_the_citation_is_well_formed():
    from pathlib import Path

    found = YAML(typ="safe").load(Path(__file__).parents[2] / "CITATION.cff")
    assert {"cff-version", "message", "title", "authors", "license", "version"} <= found.keys()
    assert found["license"] == "MIT"
