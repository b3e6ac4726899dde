"""One archive of the results for a data repository: report, scores, parameters, digests of models.

Models themselves are large and lie in DVC's remote; the manifest names each by its checksum, so
that what is fetched from there can be held to what was published.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from hdemucs.report.archive import write_archive


def arguments(parser: argparse.ArgumentParser) -> None:
    place = Path("hdemucs-results.zip")
    parser.add_argument("file", type=Path, nargs="?", default=place, help="the ZIP file to write")


def run(args: argparse.Namespace) -> None:
    manifest = write_archive(Path.cwd(), args.file)
    held = f"{len(manifest['files'])} files, {len(manifest['models'])} models by their checksums"
    print(f"{args.file}: {held}")
