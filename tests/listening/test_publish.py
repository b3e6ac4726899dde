"""What goes out: whole, blind where it is served, reported, readable by webMUSHRA."""

import json
import re
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from hdemucs.errors import UserError
from hdemucs.listening.key import load_key
from hdemucs.listening.layout import served
from hdemucs.listening.publish.folder import publish
from tests.listening.family import SYSTEMS, listening_config, read, tree

ROOT = Path(__file__).parents[2]


def test_everything_is_there(published):
    names = set(tree(published.folder))
    assert {"README.md", "design.md", "index.html", "manifest.json", "sessions.json"} <= names
    assert {"excerpts.csv", "qc/stimuli.csv", "qc/alignment.csv", "webmushra/RUN.md"} <= names
    assert {f"qc/spectrograms-{s}.png" for s in ("drums", "bass", "other", "vocals")} <= names
    assert {f"webmushra/mushra-0{n}.yaml" for n in (1, 2, 3, 4)} <= names
    assert {"page/app.css", "page/session.js"} <= names


def test_the_key_is_apart(published):
    assert published.key.exists()
    entries = load_key(published.key)
    sounds = read(published.folder / "manifest.json")["sounds"]
    assert sounds == {f"{e.set}/{e.trial}/{e.name}": e.sha256 for e in entries}


def test_what_is_served_names_no_system_and_no_anchor(published):
    for path in served(published.folder):
        place = path.relative_to(published.folder).as_posix()
        assert not any(name in place for name in (*SYSTEMS, "lowpass", "mixture"))
        if path.suffix == ".json":
            assert not any(name in path.read_text() for name in (*SYSTEMS, "lowpass", "mixture"))
    inside = {path.relative_to(published.folder).as_posix() for path in served(published.folder)}
    assert not any(name.startswith(("qc/", "design", "excerpts", "manifest")) for name in inside)


def test_quality_control_opens_no_trial(published):
    names = {e.name for e in load_key(published.key)}
    for path in [*(published.folder / "qc").glob("*.csv"), published.folder / "design.md"]:
        assert not any(name in path.read_text() for name in names)


def test_the_design_says_what_differs_from_the_standard(published):
    record = read(published.folder / "manifest.json")
    assert record["profile"] == "MUSHRA-style", "the bass has no low-pass anchors"
    notes = "\n".join(record["notes"])
    assert "lowpass-7000: nears the Nyquist frequency of 8000 Hz" in notes
    assert re.search(r"lowpass-3500: dropped in \d of 8 excerpts", notes)
    assert re.search(
        r"lowpass-3500 of bass-\w+: dropped at nSDR [\d.]+ dB: what it takes away "
        r"\(-[\d.]+ LUFS at its loudest\) stays under -60 LUFS",
        notes,
    )
    assert "bass: 2 excerpts where BS.1534-3 wants 5 for 2 systems" in notes
    design = (published.folder / "design.md").read_text()
    assert all(note in design for note in record["notes"])
    assert "141 taps" in design
    assert "{" not in design.replace("{source}", "")


def test_alignment_is_measured(published):
    rows = (published.folder / "qc" / "alignment.csv").read_text().splitlines()
    assert rows[0] == "system,lag,at_zero,at_peak"
    assert [row.split(",")[:2] for row in rows[1:]] == [[name, "0"] for name in SYSTEMS]


def webmushra(text):
    """As webMUSHRA's YAML reader takes it: `key: value` lines, and a JSON value a page."""
    head, _, body = text.partition("pages:\n")
    settings = dict(line.split(": ", 1) for line in head.splitlines())
    pages = []
    for line in body.splitlines():
        assert line.startswith("  - "), "a page is one line"
        pages.append(json.loads(line[4:]))
    return settings, pages


def test_webmushra_configurations_are_one_json_line_a_page(published):
    hidden = {e.name for e in load_key(published.key) if e.role == "reference"}
    for path in (published.folder / "webmushra").glob("*.yaml"):
        text = path.read_text()
        assert not any(name in text for name in (*SYSTEMS, "lowpass", "mixture"))
        settings, pages = webmushra(text)
        assert yaml.safe_load(text)["pages"] == pages, "and it is the YAML that it seems"
        assert settings["stopOnErrors"] == "true"
        assert settings["testId"] == f"trial-run-{path.stem}"
        assert int(settings["bufferSize"]) in {2**n for n in range(8, 15)}
        assert pages[0]["type"] == "consent"
        assert pages[-1]["type"] == "finish"
        assert pages[-1]["questionnaire"][0]["name"] == "listener"
        trained = [page for page in pages[1:-1] if isinstance(page, dict)]
        assert len(trained) == (4 if path.stem.startswith("mos") else 2)
        for page in trained:
            assert page["id"].startswith("training.")
            assert_page(page, published.folder, hidden)
        for block in pages[1 + len(trained) : -1]:
            assert block[0] == "random"
            for page in block[1:]:
                assert_page(page, published.folder, hidden)


def assert_page(page, folder, hidden):
    paths = [*page["stimuli"].values(), *([page["reference"]] if "reference" in page else [])]
    prefix = "configs/resources/trial-run/"
    assert all((folder / path.removeprefix(prefix)).is_file() for path in paths)
    if page["type"] == "mushra":
        assert not hidden & set(page["stimuli"]), "webMUSHRA adds the hidden reference by itself"
        assert page["createAnchor35"] is page["createAnchor70"] is False
        assert 3 <= len(page["stimuli"]) + 1 <= 12
    else:
        assert page["type"] == "likert_single_stimulus"
        assert [[point["value"] for point in scale] for scale in page["response"]] == [
            ["1", "2", "3", "4", "5"]
        ] * 2
        ends = [(scale[0]["label"], scale[-1]["label"]) for scale in page["response"]]
        assert ends[0] == ("1: very distorted", "5: no artefacts at all")
        assert ends[1][1].startswith("5: only the ")


def test_it_is_the_same_again_and_failure_leaves_it_alone(few, tmp_path):
    folder, key = tmp_path / "listening", tmp_path / "key.csv"
    publish(listening_config(), few, folder, key)
    before, old = tree(folder), key.read_bytes()
    publish(listening_config(), few, folder, key)
    assert tree(folder) == before
    assert key.read_bytes() == old
    with pytest.raises(UserError):
        publish(listening_config(systems=("numbat",)), few, folder, key)
    assert tree(folder) == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["key.csv", "listening", "secret"]


def test_listings_by_time_tell_nothing(published):
    stamps = {path.stat().st_mtime for path in published.folder.rglob("*")}
    assert stamps == {946_684_800}


def test_the_secret_is_drawn_once_and_kept_from_others(few, tmp_path):
    folder, key = tmp_path / "listening", tmp_path / "private" / "key.csv"
    publish(listening_config(), few, folder, key)
    drawn = key.with_name("secret")
    assert drawn.stat().st_mode & 0o077 == 0
    assert not any(drawn.read_text().strip() in path.read_text() for path in text_files(folder))
    names = {entry.name for entry in load_key(key)}
    drawn.unlink()
    publish(listening_config(), few, folder, key)
    assert not names & {entry.name for entry in load_key(key)}, "the seed in git gives no name away"
    drawn.write_text("short\n")
    with pytest.raises(UserError, match="secret: is damaged"):
        publish(listening_config(), few, folder, key)


def text_files(folder):
    return [p for p in folder.rglob("*") if p.suffix in {".json", ".md", ".csv", ".yaml", ".js"}]


def test_nothing_secret_is_published():
    """DVC pushes what it caches; git takes what it does not ignore."""
    stages = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]
    (private,) = [out for out in stages["listening"]["outs"] if "private" in str(out)]
    assert private == {"private/listening/key.csv": {"cache": False}}
    for name in ("private/listening/key.csv", "private/listening/secret", "reports/answers/a.json"):
        run = subprocess.run(["git", "check-ignore", "-q", name], cwd=ROOT, check=False)
        assert run.returncode == 0, f"{name} is not ignored by git"


@pytest.mark.parametrize("name", ["wombat", "wombat-test", "a-wombat-b"])
def test_a_test_named_after_a_system_is_refused(few, tmp_path, name):
    with pytest.raises(UserError, match="tells listeners of the system wombat"):
        publish(replace(listening_config(), name=name), few, tmp_path / "out", tmp_path / "key.csv")
