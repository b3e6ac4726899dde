"""The report: reports/{scores,oracles,curves,runs} -> reports/{index.html,tables/,figures/}."""

from pathlib import Path

from hdemucs.config.load import load
from hdemucs.config.report import ReportConfig
from hdemucs.errors import one_line
from hdemucs.report.build import Places, build


def main() -> None:
    """From stored numbers alone: no model and no song is needed."""
    reports = Path("reports")
    build(load(Path("configs/report.json"), ReportConfig), Places.of(reports), reports)
    print(f"open {reports / 'index.html'}")


if __name__ == "__main__":
    with one_line():
        main()
