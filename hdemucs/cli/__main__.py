"""`python -m hdemucs.cli`: the command line without an installed script."""

from hdemucs.cli import main

main()
