"""Compare two revisions or experiments: paired differences over the same tracks, and what changed.

REV is a revision that git knows (HEAD~3, a branch, a tag) or the name of an experiment of
`dvc exp`. A single REV is compared with the files as they are now.
"""

from __future__ import annotations

import argparse
import io
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hdemucs.config.load import load
from hdemucs.config.report import ReportConfig
from hdemucs.errors import UserError
from hdemucs.files import write_text
from hdemucs.report.revisions import SCORES, Revision, changes, code, differences
from hdemucs.tables import markdown

KEPT = (SCORES, "configs", "data/manifest.json")
NOW = "workspace"


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("revisions", nargs="+", metavar="REV", help="one or two; old, then new")
    parser.add_argument(
        "--metric", default="SDR", choices=["SDR", "nSDR", "SI-SDR"], help="metric to compare"
    )
    parser.add_argument("--out", type=Path, help="also write the comparison to this Markdown file")


def run(args: argparse.Namespace) -> None:
    """Compare the revisions of the command line.

    Raises:
        UserError: a revision is unknown or has no scores, or the two cannot be compared.
    """
    if len(args.revisions) > 2:  # noqa: PLR2004  an old and a new one
        raise UserError("hdemucs compare", "takes one or two revisions", "name fewer")
    interval = load(Path("configs/report.json"), ReportConfig).interval
    old, *rest = args.revisions
    with revision(old) as one, revision(rest[0] if rest else NOW) as two:
        tables = [differences(one, two, args.metric, interval)]
        tables += [changes(one, two, "configs"), changes(one, two, "data"), code(one, two)]
        text = "\n".join(markdown(table) for table in tables)
    print(text)
    if args.out:
        write_text(args.out, text)


@contextmanager
def revision(name: str) -> Iterator[Revision]:
    """The stored results of a revision, in a temporary folder inside the `with` block."""
    if name == NOW:
        yield Revision(name, Path.cwd())
        return
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch)
        tree = git("ls-tree", "-r", "--name-only", commit(name), "--", *KEPT).decode().splitlines()
        if tree:
            packed = git("archive", "--format=tar", commit(name), "--", *kept_in(tree))
            with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
                archive.extractall(root, filter="data")
        yield Revision(name, root)


def kept_in(tree: list[str]) -> list[str]:
    """The entries of KEPT that a revision has."""
    return [place for place in KEPT if any(f"{path}/".startswith(f"{place}/") for path in tree)]


def commit(name: str) -> str:
    """The commit of a revision or an experiment.

    Raises:
        UserError: neither git nor DVC knows it.
    """
    experiments = git("for-each-ref", "--format=%(refname)", "refs/exps").decode().splitlines()
    named = [ref for ref in experiments if ref.rsplit("/", 1)[-1] == name]
    for candidate in (name, *named):
        words = ("--verify", "--quiet", "--end-of-options", f"{candidate}^{{commit}}")
        found = subprocess.run(
            ["git", "rev-parse", *words], capture_output=True, text=True, check=False
        )
        if found.returncode == 0:
            return found.stdout.strip()
    raise UserError(name, "is no revision and no experiment", "see `git log` and `dvc exp list -A`")


def git(*words: str) -> bytes:
    """The output of a git command.

    Raises:
        UserError: git failed.
    """
    done = subprocess.run(["git", *words], capture_output=True, check=False)
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        problem = f"failed ({said[-1] if said else done.returncode})"
        raise UserError(f"git {words[0]}", problem, "run it in a git checkout of the study")
    return done.stdout
