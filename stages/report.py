"""The report: reports/{scores,oracles,curves,runs} -> reports/{index.html,tables/,figures/}."""

from pathlib import Path

from hdemucs.config.data import FetchConfig
from hdemucs.config.load import load
from hdemucs.config.report import ReportConfig
from hdemucs.data.manifest import load_manifest
from hdemucs.errors import ending, one_line
from hdemucs.report.build import Places, build_all


def main() -> None:
    """Write the report from stored numbers; no model and no song is needed."""
    reports = Path("reports")
    manifest = load_manifest(Path("data/manifest.json"))
    residual = load(Path("configs/fetch.json"), FetchConfig).residual
    config = load(Path("configs/report.json"), ReportConfig)
    build_all(config, Places.of(reports), manifest, residual, reports)
    print(f"open {reports / 'index.html'}")


if __name__ == "__main__":
    with ending(), one_line():
        main()
