"""Released files: downloaded whole and right, or refused in one line; never run."""

import hashlib

import pytest
import torch

from hdemucs.config.given import TEST_SONGS, ReleasedConfig, ReleasedFile
from hdemucs.datasets import download, partial
from hdemucs.errors import UserError
from hdemucs.models.published import load_published
from hdemucs.released import obtain as module
from hdemucs.released.obtain import FOLDER, LOCK, MIRROR, obtain, pinned
from hdemucs.released.publish import publish
from hdemucs.study.params import read_params
from hdemucs.study.released import catalogue, released
from tests.data.zenodo import breaks_after, hangs_up, says, stalls_after
from tests.models.official.counterparts import CASES
from tests.pipeline.conftest import ROOT
from tests.released.server import Shelf, named, packaged

PIECE = 1 << 15


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Two small models of the official package, hybrid and waveform."""
    place = tmp_path_factory.mktemp("models")
    made = {}
    for signature, case in (("aaaa1111", CASES["hybrid"]), ("bbbb2222", CASES["waveform"])):
        torch.manual_seed(3)
        content = packaged(place / "m.th", case.theirs(), case.kwargs)
        made[named(signature, content)] = content
    return made


@pytest.fixture
def shelf(files, monkeypatch):
    server = Shelf(dict(files))
    monkeypatch.setenv(MIRROR, server.url)
    monkeypatch.delenv(FOLDER, raising=False)
    monkeypatch.setattr(partial, "PIECE", PIECE)
    monkeypatch.setattr(download, "FIRST_WAIT", 0.01)
    monkeypatch.setattr(module, "PATIENCE", 0.5)
    yield server
    server.close()


def file_of(name):
    digits = name.split("-")[1].removesuffix(".th")
    return ReleasedFile(file=name, url=f"https://nowhere.invalid/{name}", digits=digits)


def first(files):
    name = next(iter(files))
    return file_of(name), files[name]


def test_a_file_is_downloaded_once_checked_and_pinned(shelf, files, tmp_path):
    file, content = first(files)
    path, digest = obtain(file, tmp_path)
    assert path.read_bytes() == content
    assert digest == hashlib.sha256(content).hexdigest()
    assert pinned(tmp_path) == {file.file: digest}
    asked = len(shelf.asked)
    assert obtain(file, tmp_path) == (path, digest)
    assert len(shelf.asked) == asked


FAULTS = {
    "breaks": [breaks_after(2000), breaks_after(9000)],
    "a busy server": [says(503)],
    "nothing but a closed connection": [hangs_up],
    "a stalled connection": [stalls_after(1000, 0.8)],
}


@pytest.mark.parametrize("name", FAULTS)
def test_faults_that_pass_are_overcome(shelf, files, tmp_path, name):
    file, content = first(files)
    shelf.faults = list(FAULTS[name])
    assert obtain(file, tmp_path)[0].read_bytes() == content


def test_a_slow_download_goes_on_where_it_broke(shelf, files, tmp_path):
    file, content = first(files)
    shelf.faults = [lambda _: False, *[lambda _: False] * 3]
    shelf.every = hangs_up
    with pytest.raises(UserError, match="sent no data in 3 tries"):
        obtain(file, tmp_path, attempts=3)
    assert not (tmp_path / "data/released" / file.file).exists()
    shelf.every, sent = None, shelf.sent
    assert obtain(file, tmp_path)[0].read_bytes() == content
    assert shelf.sent < sent + len(content)  # some pieces were there


def test_other_bytes_are_refused_and_kept_aside(shelf, files, tmp_path):
    file, content = first(files)
    shelf.files[file.file] = content[:-1] + bytes([content[-1] ^ 1])
    with pytest.raises(UserError, match=r"has the SHA256 .*look at .*refused") as told:
        obtain(file, tmp_path)
    assert "\n" not in str(told.value)
    place = tmp_path / "data/released"
    assert (place / f"{file.file}.part.refused").read_bytes() == shelf.files[file.file]
    assert not (place / file.file).exists() and not (tmp_path / LOCK).exists()
    shelf.files[file.file] = content
    assert obtain(file, tmp_path)[0].read_bytes() == content


@pytest.mark.parametrize(
    ("content", "said"),
    [(None, "404"), (b"<html>sold</html>", "is no ZIP archive"), (b"PK\x03\x04", "SHA256")],
)
def test_what_is_no_such_file_is_refused(shelf, files, tmp_path, content, said):
    file, _ = first(files)
    del shelf.files[file.file]
    if content is not None:
        shelf.files[file.file] = content
    with pytest.raises(UserError, match=said) as told:
        obtain(file, tmp_path)
    assert "\n" not in str(told.value)
    assert "MUSDB" not in str(told.value)


def test_once_pinned_another_file_with_the_same_digits_is_refused(shelf, files, tmp_path):
    file, content = first(files)
    anonymous = ReleasedFile(file=file.file, url=file.url, digits="")
    obtain(anonymous, tmp_path)
    (tmp_path / "data/released" / file.file).unlink()
    shelf.files[file.file] = content[:-1] + bytes([content[-1] ^ 1])
    with pytest.raises(UserError, match=r"where [0-9a-f]{64} is expected"):
        obtain(anonymous, tmp_path)


def test_files_of_a_folder_are_used_and_nothing_is_downloaded(shelf, files, tmp_path, monkeypatch):
    file, content = first(files)
    monkeypatch.setenv(FOLDER, str(tmp_path / "mine"))
    (tmp_path / "mine").mkdir()
    with pytest.raises(UserError, match=r"is missing in \$HDEMUCS_RELEASED"):
        obtain(file, tmp_path)
    (tmp_path / "mine" / file.file).write_bytes(content)
    assert obtain(file, tmp_path)[0] == tmp_path / "mine" / file.file
    (tmp_path / "mine" / file.file).write_bytes(content + b"0")
    with pytest.raises(UserError, match="has the SHA-256"):
        obtain(file, tmp_path)
    assert shelf.asked == []


def config(files, **changes):
    plain = dict(
        kind="released", variant="theirs", name="theirs", authors="nobody",
        trained_on="MUSDB18-HQ", weights=None,
        files={name.split("-")[0]: file_of(name) for name in files},
    )  # fmt: skip
    return ReleasedConfig(**{**plain, **changes})


@pytest.mark.usefixtures("shelf")
@torch.no_grad()
def test_a_bag_is_what_the_official_models_give_together(files, tmp_path):
    facts = publish(config(files), tmp_path, tmp_path / "models" / "theirs")
    assert [each.sha256 for each in facts] == [
        hashlib.sha256(c).hexdigest() for c in files.values()
    ]
    bag = load_published(tmp_path / "models" / "theirs").ensemble
    assert bag.sources == ("drums", "bass", "other", "vocals")
    mix, outputs = torch.randn(1, 2, 4000), []
    for case in (CASES["hybrid"], CASES["waveform"]):
        torch.manual_seed(3)
        outputs.append(case.theirs().eval()(mix))
    expected = sum(outputs) / 2
    found = bag(mix)
    torch.testing.assert_close(found, expected, atol=1e-5 * expected.abs().max().item(), rtol=0)
    assert [p.name for p in (tmp_path / "models").iterdir()] == ["theirs"]


@pytest.mark.usefixtures("shelf")
def test_one_model_is_published_as_one(files, tmp_path):
    one = dict(list(files.items())[:1])
    [facts] = publish(config(one), tmp_path, tmp_path / "models" / "theirs")
    assert {p.name for p in (tmp_path / "models/theirs").iterdir()} == {
        "model.safetensors", "model.json",
    }  # fmt: skip
    assert facts.parameters == sum(p.numel() for p in CASES["hybrid"].theirs().parameters())


def test_a_hostile_file_is_refused_and_publishes_nothing(shelf, tmp_path):
    torch.save({"klass": print, "args": (), "kwargs": {}, "state": {}}, tmp_path / "evil.th")
    content = (tmp_path / "evil.th").read_bytes()
    name = named("eeee0000", content)
    shelf.files[name] = content
    with pytest.raises(UserError, match="no checkpoint needs"):
        publish(config({name: content}), tmp_path, tmp_path / "models" / "theirs")
    assert list((tmp_path / "models").iterdir()) == []


# The catalogue


def test_the_bags_are_the_official_lists():
    """demucs 4.1.0's own, each model once: a second mention is a second run."""
    import demucs
    import yaml
    from demucs.pretrained import ROOT_URL, _parse_remote_files

    remote = type(ROOT)(demucs.__file__).parent / "remote"
    urls = _parse_remote_files(remote / "files.txt")
    for signature, entry in catalogue()["files"].items():
        if entry["root"] != "torchaudio":
            url = catalogue()["roots"][entry["root"]] + entry["file"]
            assert urls[signature] == url
            assert url.startswith(ROOT_URL)
    for name, bag in catalogue()["bags"].items():
        official = yaml.safe_load((remote / f"{name}.yaml").read_text())
        assert list(dict.fromkeys(official["models"])) == bag["members"]
        assert official.get("weights") == bag.get("weights")
        assert official["segment"] == 44


def test_the_bundles_are_torchaudios():
    from torchaudio.pipelines import HDEMUCS_HIGH_MUSDB, HDEMUCS_HIGH_MUSDB_PLUS

    pairs = {
        "hdemucs_high_musdb": HDEMUCS_HIGH_MUSDB,
        "hdemucs_high_musdb_plus": HDEMUCS_HIGH_MUSDB_PLUS,
    }
    for name, bundle in pairs.items():
        assert f"models/{catalogue()['files'][name]['file']}" == bundle._model_path


def test_track_b_knows_the_test_songs_and_track_a_does_not():
    variants = read_params(ROOT / "params.yaml")["variants"]
    asked = {name: each["released"] for name, each in variants.items() if "released" in each}
    trained_on = {name: released(each, name)["trained_on"] for name, each in asked.items()}
    leaking = {name for name, songs in trained_on.items() if songs == TEST_SONGS}
    assert leaking == {"released_mdx_extra"}


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"bag": "mdx_a"}, "did you mean 'mdx"),
        ({"model": "repro_mdx_a"}, "is no known released model"),
        ({"bag": "mdx", "model": "c511e2ab"}, "is neither a bag nor a model"),
        ("mdx", "is neither a bag nor a model"),
    ],
)
def test_what_is_not_in_it_is_refused(asked, said):
    with pytest.raises(UserError, match=said):
        released(asked, "variants.x.released")
