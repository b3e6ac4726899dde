"""Separate songs into stems with a trained model: any sound files, and folders of them."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch

from hdemucs.cli.models import HELP, model_folder
from hdemucs.config.estimation import EstimationConfig
from hdemucs.config.load import load
from hdemucs.config.separation import SeparationConfig
from hdemucs.data.manifest import MIXTURE
from hdemucs.errors import UserError, shown
from hdemucs.formats.channels import said
from hdemucs.formats.sound import Sound, look, opened
from hdemucs.memory import keep_freed_memory
from hdemucs.models.ensemble import Ensemble
from hdemucs.models.published import Published, load_published
from hdemucs.runs.songs import songs as songs_of_study
from hdemucs.separation.find import Song, find_songs, spare
from hdemucs.separation.precision import PRECISIONS, prepared
from hdemucs.separation.resampled import Resampled
from hdemucs.separation.songs import Output, blocks_of, names_of, write_estimates
from hdemucs.separation.system import filtered

SEGMENT = 44.0  # seconds, if neither the model nor the user sets another length
LONGEST = 3600.0  # seconds of a segment: its weights alone take 160 MB per hour at 44.1 kHz
MOST_SHIFTS = 1000
BITS = {"16": 16, "24": 24, "32": 32, "float": 0}  # of a sample, as `audio.writing` expects them
SEEDS = 1 << 63  # limit of the seeds of torch's generators


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("songs", nargs="*", type=Path, metavar="SONG", help="sound file or folder")
    test = "the study's test songs, to OUT/test/<track>/: what `hdemucs score OUT` scores"
    parser.add_argument("--test", action="store_true", help=test)
    parser.add_argument("--model", default="hybrid", help=HELP)
    parser.add_argument("--out", type=Path, default=Path("separated"), help="folder of the stems")
    parser.add_argument("--shifts", type=int, default=1, help="random shifts to average over")
    parser.add_argument("--overlap", type=float, default=0.25, help="share of a segment, 0 to 1")
    segment = f"seconds in memory at a time; the model's own, or {SEGMENT:g}"
    parser.add_argument("--segment", type=float, help=segment)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    parser.add_argument("--device", default=device, help="by torch's name: cpu, cuda, cuda:1")
    faster = "of the networks; bf16 is faster, and about as good"
    parser.add_argument("--precision", choices=list(PRECISIONS), default="fp32", help=faster)
    parser.add_argument("--two-stems", metavar="SOURCE", help="this source, and all others summed")
    parser.add_argument("--format", choices=["wav", "flac"], default="wav", help="of the stems")
    float_said = "of a sample; float: 32-bit floating point, which nothing clips (wav)"
    parser.add_argument("--bits", choices=list(BITS), default="24", help=float_said)
    parser.add_argument("--seed", type=int, default=0, help="of the random shifts")


def run(args: argparse.Namespace) -> None:
    """Write one folder per song, with one file per stem; list the files that failed at the end.

    All files are opened before the first is separated.

    Raises:
        UserError: the request is invalid, or a file could not be separated.
    """
    config = separation(args)
    songs = asked(args)
    good, failed = looked(songs)
    if not good:
        conclude(failed, len(songs))
    ensemble, of_model, facts = loaded(args)
    output = Output(f".{args.format}", bits(args), args.two_stems)
    spare(songs, [f"{name}{output.suffix}" for name in names_of(ensemble.sources, args.two_stems)])
    said = "" if args.precision == "fp32" else f" ({args.precision})"
    for song in good:
        generator = torch.Generator().manual_seed(args.seed)
        try:
            with opened(song.path) as sound:
                file = Resampled(sound, facts["sample_rate"], of_model.audio_channels)
                blocks = blocks_of(ensemble, file, facts["sample_rate"], config, generator)
                clipped = write_estimates(
                    blocks, file, ensemble.sources, facts["sample_rate"], song.folder, output
                )
                for line in remarks(sound, of_model.audio_channels, facts["sample_rate"], clipped):
                    print(shown(f"{song.path}: {line}"))
        except UserError as error:
            failed.append(told(error))
            continue
        print(shown(f"{song.path} -> {song.folder}{said}"))
    conclude(failed, len(songs))


def loaded(args: argparse.Namespace) -> Published:
    """The model of the command line as it separates: on its device, in its precision.

    Raises:
        UserError: there is no such model or device, or the model takes other segments.
    """
    model = model_folder(args.model)
    found = load_published(model)
    hold(found.ensemble, args.segment)
    hold_device(args.device)
    if torch.device(args.device).type == "cpu":
        keep_freed_memory()
    ensemble = filtered(prepared(found.ensemble, args.precision, args.device), post_of(model))
    return found._replace(ensemble=ensemble.eval().to(args.device))


def asked(args: argparse.Namespace) -> list[Song]:
    """The songs of the command line.

    Raises:
        UserError: no song is named, or songs and the test set are both.
    """
    if bool(args.songs) == args.test:
        problem = "no song is named" if not args.songs else "songs are named beside --test"
        raise UserError("hdemucs separate", problem, "name sound files or folders, or say --test")
    if not args.test:
        return find_songs(args.songs, args.out)
    manifest, root = songs_of_study()
    return [
        Song(root / track.files[MIXTURE].path, args.out / "test" / track.name)
        for track in manifest.split("test")
    ]


def looked(songs: list[Song]) -> tuple[list[Song], list[UserError]]:
    """The songs that look like sound files, and what is wrong with the others."""
    good, failed = [], []
    for song in songs:
        try:
            look(song.path)
            good.append(song)
        except UserError as error:
            failed.append(error if len(songs) == 1 else told(error))
    return good, failed


def told(error: UserError) -> UserError:
    """Show an error and return it; the other songs continue."""
    sys.stderr.write(f"error: {error}\n")
    return error


def remarks(sound: Sound, channels: int, rate: int, clipped: int) -> Iterator[str]:
    """What a user should know about how a song was read and its stems were written."""
    yield from sound.notes
    if sound.rate != rate:
        yield f"has {sound.rate} Hz, and its stems the model's {rate} Hz"
    if mixed := said(sound.channels, channels):
        yield mixed
    if clipped:
        yield f"{clipped} samples were beyond full scale and clipped; --bits float keeps them"


def conclude(failed: list[UserError], songs: int) -> None:
    """End the command with an error if songs failed.

    Raises:
        UserError: songs could not be separated; all are named.
    """
    if len(failed) == 1 and songs == 1:
        raise failed[0]
    if failed:
        names = ", ".join(error.parts[0] for error in failed)
        problem = f"{len(failed)} of {songs} songs could not be separated: {names}"
        raise UserError("hdemucs separate", problem, "the lines above say why")


def separation(args: argparse.Namespace) -> SeparationConfig:
    """The separation settings of the command line.

    Raises:
        UserError: a value is out of range.
    """
    if not 0 <= args.overlap < 1:
        raise UserError(f"--overlap {args.overlap}", "is no share", "take 0 or more, less than 1")
    segment = SEGMENT if args.segment is None else args.segment
    if not 0 < segment <= LONGEST:
        problem = f"is not between 0 and {LONGEST:.0f} seconds"
        raise UserError(f"--segment {args.segment}", problem, "take about the model's own segment")
    if not 0 <= args.shifts <= MOST_SHIFTS:
        raise UserError(
            f"--shifts {args.shifts}", f"is not from 0 to {MOST_SHIFTS}", "take 1 to 10"
        )
    if not 0 <= args.seed < SEEDS:
        raise UserError(f"--seed {args.seed}", f"is not from 0 to {SEEDS - 1}", "take another")
    return SeparationConfig(
        segment=segment, overlap=args.overlap, shifts=args.shifts, max_shift=0.5
    )


def bits(args: argparse.Namespace) -> int:
    """The number of bits per sample.

    Raises:
        UserError: FLAC cannot have samples of 32 bits, integer or float.
    """
    if args.format == "flac" and args.bits not in ("16", "24"):  # as libsndfile writes FLAC
        raise UserError(f"--bits {args.bits}", "is more than FLAC holds", "take 24, or wav")
    return BITS[args.bits]


def hold(ensemble: Ensemble, asked: float | None) -> None:
    """Check the length of segments.

    Raises:
        UserError: the model accepts only segments of another length.
    """
    for chunk in {each.chunk for each in ensemble.conditions} - {None, asked}:
        if asked is not None:
            problem = f"is not possible with this model, which was made for segments of {chunk:g} s"
            raise UserError(f"--segment {asked:g}", problem, "leave the option out")


def post_of(folder: Path) -> Any:
    """The study's post-filter for one of its own models; None: no filter."""
    how = Path("configs/separation") / f"{folder.name}.json"
    if folder.resolve().parent != Path("models").resolve() or not how.exists():
        return None
    return load(how, EstimationConfig).post


def hold_device(name: str) -> None:
    """
    Raises:
        UserError: there is no such device.
    """
    try:
        torch.empty(1, device=name)
    except (RuntimeError, AssertionError) as error:
        problem = f"cannot be used ({str(error).splitlines()[0]})"
        raise UserError(f"--device {name}", problem, "take cpu") from error
