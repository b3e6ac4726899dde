"""The one argument that a stage has: a variant."""

import argparse


def variant(description: str | None) -> str:
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("variant", help="a name of params.yaml:study")
    return str(parser.parse_args().variant)
