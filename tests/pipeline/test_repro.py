"""From clone to report: all is made, nothing twice, and a change reaches what it must."""

import json
import sys
from pathlib import Path

import pytest

from hdemucs.listening.key import load_key
from hdemucs.report.sections import BESIDE
from tests.pipeline.conftest import STUDY, TRAINED

SMALL = [
    "data/manifest.json",
    "configs/train/hybrid.json",
    "reports/index.html",
    "reports/tables/sdr.csv",
    "reports/excerpts.json",
    "reports/oracles/static-wiener/system.json",
    *(f"reports/scores/{name}.json" for name in STUDY),
    *(f"reports/curves/{name}.csv" for name in STUDY),
    *(f"reports/runs/{name}.json" for name in STUDY),
]
LARGE = [
    *(f"models/{name}/model.safetensors" for name in TRAINED),
    "models/bag/ensemble.json",
    "models/bag/hybrid_ft/model.safetensors",
    *(f"samples/{name}" for name in STUDY),
    "reports/listening/index.html",
]


@pytest.fixture(autouse=True)
def _as_committed(project):
    """Every test finds the study as it was, however the one before ended."""
    yield
    project.git("checkout", "-q", "--", ".")


def test_everything_is_made_and_the_small_things_are_in_git(project):
    tracked = set(project.git("ls-files").splitlines())
    for name in SMALL:
        assert (project.root / name).exists(), name
        assert name in tracked
    for name in LARGE:
        assert (project.root / name).exists(), name
        assert not any(path.startswith(name) for path in tracked)


def test_the_report_leads_to_what_other_stages_made(project):
    for path in BESIDE:
        assert (project.root / "reports" / path).exists(), path


def test_again_nothing_runs(project):
    assert project.ran("repro") == []


def test_one_rate_is_one_training_and_what_is_built_upon_it(project):
    def faster(params):
        params["variants"]["waveform"]["training"] = {"optimiser": {"learning_rate": 1e-4}}

    project.edit(faster)
    project.dvc("repro", "resolve")
    ran = project.ran("repro", "--dry")
    assert [name for name in ran if name.startswith("train@")] == ["train@waveform", "train@bag"]


def test_a_rows_label_trains_and_scores_nothing(project):
    project.edit(lambda params: params["variants"]["hybrid"]["row"].update(label="another name"))
    assert project.ran("repro") == ["resolve", "report"]


def test_a_base_value_reaches_the_variants_that_have_it_or_are_built_upon_them(project):
    project.edit(
        lambda params: params["scales"]["quick"]["families"]["hybrid"]["model"].update(channels=8)
    )
    project.dvc("repro", "resolve")
    ran = project.ran("repro", "--dry")
    trained = {name for name in ran if name.startswith("train@")}
    assert trained == {"train@hybrid", "train@hybrid_ft", "train@bag"}
    project.restore()
    project.dvc("repro", "resolve")


def test_comments_cluster_and_launcher_make_nothing_stale(project):
    """`resolve` looks at code that was edited, and finds that it means the same."""
    for name, line in [
        ("params.yaml", "# a comment"),
        ("cluster.yaml", "# another"),
        ("stages/train.py", "# a third"),
        ("hdemucs/training/run.py", "# a fourth"),
        ("hdemucs/runs/wait.py", "X = 1"),
    ]:
        with (project.root / name).open("a") as file:
            file.write(f"{line}\n")
    assert project.ran("repro") == ["resolve"]
    project.git("checkout", "-q", "--", ".")


def test_code_reaches_the_stages_that_it_is_part_of_and_no_other(project):
    def stale(name):
        with (project.root / name).open("a") as file:
            file.write("\nX = 1\n")
        project.dvc("repro", "resolve")
        ran = project.ran("repro", "--dry")
        project.git("checkout", "-q", "--", ".")
        return set(ran)

    every = {f"{stage}@{name}" for stage in ("evaluate", "separate") for name in STUDY}
    assert stale("hdemucs/report/comparison.py") == {"report"}
    found = stale("hdemucs/separation/testset.py")
    assert every <= found and not any(name.startswith("train@") for name in found)


@pytest.mark.parametrize(
    ("place", "said"),
    [
        (("variants", "hybrid", "training"), "variants.hybrid.training.lrr: is no known parameter"),
        (("scales", "quick", "training"), "scales.quick.training.lrr: is no known parameter"),
    ],
)
def test_a_wrong_parameter_is_one_line_and_nothing_runs(project, place, said):
    def wrong(params):
        for key in place[:-1]:
            params = params[key]
        params.setdefault(place[-1], {})["lrr"] = 1

    project.edit(wrong)
    done = project.dvc("repro", check=False)
    assert done.returncode != 0
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert "Running stage 'train" not in done.stdout
    project.git("checkout", "-q", "--", ".")


def test_experiments_compare(project):
    shown = json.loads(project.dvc("metrics", "show", "--json").stdout)[""]["data"]
    assert set(shown) == {f"reports/scores/{name}.json" for name in STUDY}
    project.edit(lambda params: params["variants"]["hybrid"].update(training={"batch": 8}))
    project.dvc("repro", "resolve")
    changed = json.loads(project.dvc("params", "diff", "--json").stdout)
    batch = changed["configs/train/hybrid.json"]["training.batch"]
    assert (batch["old"], batch["new"]) == (4, 8)
    project.git("checkout", "-q", "--", ".")
    project.dvc("metrics", "diff", "HEAD~1")
    project.dvc("plots", "diff", "HEAD")


@pytest.fixture(scope="module")
def clone(project, tmp_path_factory):
    """What another has after a push, a commit, a clone and a pull."""
    root = tmp_path_factory.mktemp("taken")
    project.dvc("remote", "add", "-d", "shelf", str(root / "shelf"))
    project.dvc("push")
    project.git("add", "-A")
    project.git("commit", "-qm", "a remote")
    project.run("git", "clone", "-q", str(project.root), str(root / "clone"))
    taken = type(project)(root / "clone")
    taken.dvc("pull")
    return taken


def keys(project):
    return sorted((project.root / "private/listening").glob("key-*.csv"))


def names_from(project):
    return json.loads((project.root / "reports/listening/sessions.json").read_text())["names_from"]


def test_published_and_taken_by_another(project, clone, tmp_path):
    assert clone.ran("repro") == []
    for name in LARGE:
        assert (clone.root / name).exists(), name
    assert keys(project)
    assert not (clone.root / "private").exists(), "the key goes with no push"
    clone.dvc("get", str(project.root), "reports/index.html", "-o", str(tmp_path / "page.html"))
    assert (tmp_path / "page.html").exists()


def test_another_builds_the_same_sets_and_their_key_again(project, clone):
    assert names_from(project) == "seed"
    clone.dvc("repro", "--force", "--single-item", "listening")
    assert clone.git("status", "--porcelain") == ""
    assert [path.read_bytes() for path in keys(clone)] == [
        path.read_bytes() for path in keys(project)
    ]


def test_a_real_test_has_a_secret_that_nobody_is_given(clone):
    """What is pushed holds neither secret nor key; a later repro leaves the sets alone."""
    (rehearsed,) = keys(clone)
    command = [sys.executable, "-m", "hdemucs", "listen", "secret"]
    assert "private/listening/secret: drawn" in clone.run(*command).stdout
    (drawn,) = set(keys(clone)) - {rehearsed}
    assert names_from(clone) == "secret"
    assert clone.git("status", "--porcelain").split() == ["M", "dvc.lock"]
    assert clone.ran("repro") == ["ratings"]
    assert names_from(clone) == "secret"
    clone.dvc("push", "--run-cache")
    shelf = Path(clone.dvc("remote", "list").stdout.split()[1])
    pushed = [path.read_bytes() for path in shelf.rglob("*") if path.is_file()]
    secret = (clone.root / "private/listening/secret").read_bytes().strip()
    sets = (clone.root / "reports/listening/sessions.json").read_bytes()
    assert sets in pushed
    for content in pushed:
        assert secret not in content
        assert content not in {path.read_bytes() for path in keys(clone)}
    names = {entry.name for entry in load_key(rehearsed)}
    assert not names & {entry.name for entry in load_key(drawn)}
    assert "was there already and stays" in clone.run(*command).stdout
    assert (clone.root / "private/listening/secret").read_bytes().strip() == secret
    assert keys(clone) == sorted([rehearsed, drawn])


def test_sets_of_the_seed_that_come_back_say_so(clone):
    """A revision of before the secret, checked out: the server refuses, the key is still there."""
    clone.git("checkout", "-q", "--", ".")
    clone.dvc("checkout")
    assert names_from(clone) == "seed"
    command = [sys.executable, "-m", "hdemucs", "listen"]
    done = clone.run(*command, "serve", "--port", "0", check=False)
    assert done.returncode == 1
    assert "is for trying out" in done.stderr
    assert clone.run(*command, "analyse").stdout == "No answers yet.\n"
