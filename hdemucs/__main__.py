"""The command line where no `hdemucs` is installed: python -m hdemucs COMMAND ..."""

from hdemucs.cli import main

if __name__ == "__main__":
    main()
