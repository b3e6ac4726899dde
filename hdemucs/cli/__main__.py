"""`python -m hdemucs.cli`: the command line where no script is installed."""

from hdemucs.cli import main

main()
