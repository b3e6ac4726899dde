"""One module a stage of dvc.yaml: read, call, write."""

import sys
from types import TracebackType


def said(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Ctrl-C while a stage still imports what it needs: a line, as `hdemucs.errors.ending` says."""
    if issubclass(kind, KeyboardInterrupt):
        sys.stderr.write("interrupted\n")
    else:
        sys.__excepthook__(kind, error, trace)


if sys.argv[0] == "-m":  # `python -m stages.<name>` is looking for its module
    sys.excepthook = said
