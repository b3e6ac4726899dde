"""Write one archive of the results for a data repository: report, scores, parameters, digests.

Models are too large for it and stay in DVC's remote. The manifest has the checksum of each, so that
a model fetched from there can be compared with the published one.
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
