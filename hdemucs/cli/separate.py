"""Songs to stems, with a trained model: any sound files, and folders of them."""

from __future__ import annotations

import argparse
from pathlib import Path

import torch

from hdemucs.config.separation import SeparationConfig
from hdemucs.errors import UserError
from hdemucs.models.ensemble import Bag
from hdemucs.models.published import load_published
from hdemucs.separation.resampled import Resampled
from hdemucs.separation.songs import Output, blocks_of, find_songs, names_of, write_estimates


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("songs", nargs="+", type=Path, metavar="SONG", help="sound file or folder")
    parser.add_argument("--model", type=Path, default=Path("models/hybrid"), help="its folder")
    parser.add_argument("--out", type=Path, default=Path("separated"), help="folder of the stems")
    parser.add_argument("--shifts", type=int, default=1, help="random shifts to average over")
    parser.add_argument("--overlap", type=float, default=0.25, help="share of a segment, 0 to 1")
    parser.add_argument("--segment", type=float, default=44.0, help="seconds in memory at a time")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--two-stems", metavar="SOURCE", help="this source, and all others summed")
    parser.add_argument("--format", choices=["wav", "flac"], default="wav")
    parser.add_argument("--bits", type=int, choices=[16, 24, 32], default=24)
    parser.add_argument("--seed", type=int, default=0, help="of the random shifts")


def run(args: argparse.Namespace) -> None:
    """One folder a song, one file a stem."""
    config = separation(args)
    bag, of_model, facts = load_published(args.model)
    names_of(of_model.sources, args.two_stems)
    output = Output(args.out, f".{args.format}", bits(args), args.two_stems)
    songs = find_songs(args.songs)
    on_device(bag, args.device)
    for path in songs:
        song = Resampled(path, facts["sample_rate"], of_model.audio_channels)
        generator = torch.Generator().manual_seed(args.seed)
        blocks = blocks_of(bag, song, facts["sample_rate"], config, generator)
        clipped = write_estimates(blocks, song, of_model.sources, facts["sample_rate"], output)
        if clipped:
            print(f"{path}: {clipped} samples were beyond full scale and clipped")
        print(f"{path} -> {output.folder / path.stem}")


def separation(args: argparse.Namespace) -> SeparationConfig:
    """
    Raises:
        UserError: a value out of range.
    """
    if not 0 <= args.overlap < 1:
        raise UserError(f"--overlap {args.overlap}", "is no share", "take 0 or more, less than 1")
    if args.segment <= 0 or args.shifts < 0:
        raise UserError("--segment, --shifts", "must be positive", "correct them")
    return SeparationConfig(
        segment=args.segment, overlap=args.overlap, shifts=args.shifts, max_shift=0.5
    )


def bits(args: argparse.Namespace) -> int:
    """
    Raises:
        UserError: FLAC has no 32-bit samples.
    """
    if args.format == "flac" and args.bits > 24:  # noqa: PLR2004  FLAC as libsndfile writes it
        raise UserError(f"--bits {args.bits}", "is more than FLAC holds", "take 24, or wav")
    return int(args.bits)


def on_device(bag: Bag, name: str) -> Bag:
    """
    Raises:
        UserError: there is no such device.
    """
    try:
        return bag.to(torch.device(name))
    except (RuntimeError, AssertionError) as error:
        problem = f"is not to be had ({str(error).splitlines()[0]})"
        raise UserError(f"--device {name}", problem, "take cpu") from error
