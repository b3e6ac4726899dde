"""What goes out: whole, blind where it is served, reported, readable by webMUSHRA."""

import json
import re
import subprocess
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import pytest
import yaml

from hdemucs.errors import UserError
from hdemucs.files import write_json
from hdemucs.listening.key import load_key
from hdemucs.listening.layout import served
from hdemucs.listening.publish.folder import publish
from hdemucs.listening.secret import draw_secret
from hdemucs.listening.serve.content import load_content
from hdemucs.listening.serve.standalone import standalone
from hdemucs.listening.serve.texts import texts
from tests.listening.conftest import real
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


def test_it_is_the_same_again_and_failure_leaves_it_alone(few, rehearsal, tmp_path):
    """Without a secret any two that have the study make the same bytes."""
    folder, private = tmp_path / "listening", tmp_path / "private"
    publish(listening_config(), few, folder, private)
    before, keys = tree(folder), tree(private)
    assert before == tree(rehearsal.folder)
    assert keys == tree(rehearsal.private)
    for config in (listening_config(systems=("numbat",)), listening_config(name="wombat")):
        with pytest.raises(UserError):
            publish(config, few, folder, private)
        assert (tree(folder), tree(private)) == (before, keys)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["listening", "private"]


def test_listings_by_time_tell_nothing(published):
    stamps = {path.stat().st_mtime for path in published.folder.rglob("*")}
    assert stamps == {946_684_800}


def test_the_secret_is_drawn_once_and_kept_from_others(few, rehearsal, tmp_path):
    found = real(listening_config(), few, tmp_path)
    drawn = found.private / "secret"
    word = drawn.read_text()
    assert drawn.stat().st_mode & 0o077 == 0
    assert not any(word.strip() in path.read_text() for path in text_files(found.folder))
    assert not draw_secret(found.private), "there is one"
    assert drawn.read_text() == word
    before, key = tree(found.folder), found.key
    publish(listening_config(), few, found.folder, found.private)
    assert tree(found.folder) == before
    drawn.unlink()
    assert draw_secret(found.private)
    publish(listening_config(), few, found.folder, found.private)
    assert key.exists(), "answers to the set of before can still be read"
    keys = [load_key(path) for path in (key, found.key, rehearsal.key)]
    for one, other in combinations(keys, 2):
        assert not names(one) & names(other), "neither seed nor another secret gives a name away"
        assert not sounds(one) & sounds(other), "nor does the dither"
    drawn.write_text("short\n")
    with pytest.raises(UserError, match=r"secret: is damaged.*or remove it and run"):
        publish(listening_config(), few, found.folder, found.private)


def names(key):
    return {entry.name for entry in key} | {entry.trial for entry in key}


def sounds(key):
    return {entry.sha256 for entry in key}


def test_a_set_says_what_its_names_follow_from(published, rehearsal):
    for found, kind in ((published, "secret"), (rehearsal, "seed")):
        for name in ("sessions.json", "manifest.json"):
            assert read(found.folder / name)["names_from"] == kind
        told = ["README.md", "webmushra/RUN.md", "webmushra/mos-01.yaml", "index.html"]
        for name in told:
            text = " ".join((found.folder / name).read_text().split())
            assert ("This set is for trying out" in text) is (kind == "seed"), name
            assert "{names}" not in text
        for name in ("README.md", "webmushra/RUN.md", "index.html"):
            assert ("hdemucs listen secret" in (found.folder / name).read_text()) is (
                kind == "seed"
            )
    assert "names are drawn with a secret" in (published.folder / "design.md").read_text()
    assert "names follow from the study's seed" in (rehearsal.folder / "design.md").read_text()


def test_sets_for_trying_out_are_kept_from_listeners_unless_a_rehearsal_is_meant(
    published, rehearsal, tmp_path
):
    refused = pytest.raises(
        UserError, match=r"is for trying out: its blind names.*; run `hdemucs li"
    )
    with refused:
        load_content(rehearsal.folder)
    with refused:
        standalone(rehearsal.folder, "mos-01", tmp_path / "a.html", texts("en"))
    assert load_content(rehearsal.folder, rehearsal=True).listed.rehearsal
    assert not load_content(published.folder).listed.rehearsal
    standalone(rehearsal.folder, "mos-01", tmp_path / "a.html", texts("en"), rehearsal=True)
    assert 'id="rehearsal"' in (tmp_path / "a.html").read_text()
    old = read(published.folder / "sessions.json")
    del old["names_from"]
    write_json(tmp_path / "sessions.json", old)
    (tmp_path / "index.html").touch()
    with refused:
        load_content(tmp_path)


def text_files(folder):
    return [p for p in folder.rglob("*") if p.suffix in {".json", ".md", ".csv", ".yaml", ".js"}]


def test_nothing_secret_is_published():
    """DVC pushes what stages name and it caches; git takes what it does not ignore."""
    stages = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]
    assert "private" not in json.dumps(stages)
    private = ("private/listening/key-a.csv", "private/listening/secret")
    for name in (*private, "reports/answers/a.json"):
        run = subprocess.run(["git", "check-ignore", "-q", name], cwd=ROOT, check=False)
        assert run.returncode == 0, f"{name} is not ignored by git"


@pytest.mark.parametrize("name", ["wombat", "wombat-test", "a-wombat-b"])
def test_a_test_named_after_a_system_is_refused(few, tmp_path, name):
    with pytest.raises(UserError, match="shows listeners the name of the system wombat"):
        publish(replace(listening_config(), name=name), few, tmp_path / "out", tmp_path / "private")
