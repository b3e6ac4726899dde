"""`hdemucs import-official` and `export-official`: one place to another, and nothing lost."""

import pytest

from hdemucs.cli import main
from hdemucs.models.demucs.official.importing import import_official
from hdemucs.models.store import load_model
from tests.models.official.packages import TINY, saved, tiny


@pytest.fixture
def file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return saved(tmp_path, tiny()).rename(tmp_path / "some.th").relative_to(tmp_path)


def contents(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_in_and_out(file, tmp_path, capsys):
    """A folder that is there but empty is as good as none."""
    (tmp_path / "models" / "some").mkdir(parents=True)
    main(["import-official", str(file)])
    assert load_model(tmp_path / "models" / "some")[1] == TINY
    main(["export-official", "models/some", "again.th"])
    assert import_official(tmp_path / "again.th")[1] == TINY
    assert capsys.readouterr().out == "some.th -> models/some\nmodels/some -> again.th\n"


@pytest.mark.parametrize("out", [[], ["--out", "models/some"]])
def test_a_model_that_is_there_is_kept(file, out, tmp_path):
    main(["import-official", str(file)])
    before = contents(tmp_path)
    with pytest.raises(SystemExit, match=r"^error: models/some: is there already; .*--out$"):
        main(["import-official", str(file), *out])
    assert contents(tmp_path) == before


@pytest.mark.parametrize("out", [[], ["--out", "models/some"]])
def test_a_variants_place_is_kept_though_nobody_has_pulled_its_model(file, out, tmp_path):
    """dvc would bring the trained model there, or take the imported one for it."""
    (tmp_path / "configs/train").mkdir(parents=True)
    (tmp_path / "configs/train/some.json").write_text("{}")
    with pytest.raises(SystemExit, match=r"^error: models/some: is where the study keeps .*--out$"):
        main(["import-official", str(file), *out])
    assert not (tmp_path / "models").exists()
    main(["import-official", str(file), "--out", "some"])


def test_a_file_in_the_place_of_the_folder_is_kept(file, tmp_path):
    (tmp_path / "out").write_text("something")
    with pytest.raises(SystemExit, match=r"^error: out: is there already"):
        main(["import-official", str(file), "--out", "out"])
    assert (tmp_path / "out").read_text() == "something"


def test_a_checkpoint_that_is_there_is_kept(file, tmp_path):
    main(["import-official", str(file)])
    before = contents(tmp_path)
    with pytest.raises(SystemExit, match=r"^error: some\.th: is there already; "):
        main(["export-official", "models/some", "some.th"])
    assert contents(tmp_path) == before


def test_what_is_refused_leaves_nothing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "text.th").write_text("no checkpoint")
    with pytest.raises(SystemExit, match=r"^error: text\.th: is no file of torch\.save's"):
        main(["import-official", "text.th"])
    assert [path.name for path in tmp_path.iterdir()] == ["text.th"]
