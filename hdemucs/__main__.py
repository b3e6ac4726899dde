"""The command line without an installed `hdemucs`: python -m hdemucs COMMAND ..."""

from hdemucs.cli import main

if __name__ == "__main__":
    main()
