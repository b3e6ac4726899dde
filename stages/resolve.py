"""params.yaml, the code -> configs/: each stage's settings and code; all are checked first."""

from pathlib import Path

from hdemucs.errors import ending, one_line
from hdemucs.study.code import digests
from hdemucs.study.effective import configurations, prune, write_configurations
from hdemucs.study.lock import prune_lock
from hdemucs.study.params import read_params

BY_VARIANT = ("models", "samples", "reports/curves", "reports/runs", "reports/scores")


def main() -> None:
    """Write all files or none: if a parameter is wrong, configs/ stays as it was."""
    params = read_params(Path("params.yaml"))
    contents = configurations(params)
    code = digests(params["study"], contents, Path.cwd())
    contents |= {f"code/{path}": files for path, files in code.items()}
    write_configurations(contents, Path("configs"))
    prune({Path("data/own"): {*params["own"], "README"}})
    for gone in prune({Path(folder): set(params["study"]) for folder in BY_VARIANT}):
        print(f"removed {gone}: its variant is no longer in the study")
    for stage in prune_lock(Path("dvc.lock"), params["study"]):
        print(f"removed {stage} from dvc.lock")
    print(f"{params['scale']}: {', '.join(params['study'])}")


if __name__ == "__main__":
    with ending(), one_line():
        main()
