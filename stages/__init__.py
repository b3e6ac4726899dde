"""The stages of dvc.yaml, one module each: read, call, write"""

import sys
from types import TracebackType


def said(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Print one line on Ctrl-C while a stage still imports modules, as `hdemucs.errors.ending`
    does.
    """
    if issubclass(kind, KeyboardInterrupt):
        sys.stderr.write("interrupted\n")
    else:
        sys.__excepthook__(kind, error, trace)


if sys.argv[0] == "-m":  # `python -m stages.<name>` is looking for its module
    sys.excepthook = said
