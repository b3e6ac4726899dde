"""What the official models say with weights that anyone can recompute.

    python -m tests.models.official.goldens     writes tests/goldens/model.json again

The weights of each tensor follow from its official name, so a wrong pairing of names shows
in the numbers as a wrong architecture does; only a sample of the outputs is stored.
"""

import json
import math
import zlib
from pathlib import Path

import torch

FILE = Path(__file__).parents[2] / "goldens" / "model.json"
CASES = (
    "hybrid", "hybrid-magnitude", "hybrid-bands", "spectrogram", "waveform",
    "waveform-relu-outside", "waveform-blstm", "v2",
)  # fmt: skip
LENGTH, EVERY = 3001, 61  # samples of the mixture; one in so many of the estimates is kept


def formula(name, shape):
    """No file, no seed, no version of torch."""
    t = torch.arange(math.prod(shape), dtype=torch.float64)
    phase = zlib.crc32(name.encode()) % 1000
    return (0.2 * torch.sin(phase + 12.9898 * t + 1e-3 * t * t)).float().reshape(shape)


def mixture():
    """Two chirps and a click: [1, 2, LENGTH]."""
    t = torch.arange(LENGTH, dtype=torch.float64)
    left, right = torch.sin(0.01 * t + 2e-5 * t * t), torch.sin(0.3 * t - 4e-5 * t * t)
    mix = torch.stack([left, 0.5 * right + 0.1 * left])
    mix[:, 1500] += 1
    return mix.float()[None]


@torch.no_grad()
def sampled(model, parameters):
    """Some of the model's estimates once its parameters, by official name, are the formula's."""
    for name, parameter in parameters:
        parameter.copy_(formula(name, parameter.shape))
    return model.eval()(mixture())[0, ..., ::EVERY]


QUANTISED = FILE.with_name("model-quantised.th")


def quantised():
    """A DiffQ-quantised checkpoint and what the official loader makes of it.

    Needs diffq 0.2.4, whose licence forbids commercial use: no dependency of ours.
    """
    from demucs.demucs import Demucs
    from demucs.states import get_state, load_model
    from diffq import DiffQuantizer

    kwargs = dict(sources=["a", "b"], channels=8, depth=3, norm_starts=2, dconv_mode=0)
    model = Demucs(**kwargs)
    for name, parameter in model.named_parameters():
        parameter.data.copy_(formula(name, parameter.shape))
    quantiser = DiffQuantizer(model, min_size=0.005, group_size=8)
    for k, part in enumerate(quantiser._qparams):  # groups of 5 to 8 bits
        part.logit.data.copy_(0.5 * torch.sin(torch.arange(part.logit.numel()) + k) - 0.5)
    state = get_state(model, quantiser)
    package = {"klass": Demucs, "args": (), "kwargs": kwargs, "state": state, "training_args": {}}
    torch.save(package, QUANTISED)
    return sampled(load_model(QUANTISED), [])


def main():
    import demucs

    from tests.models.official.counterparts import CASES as COUNTERPARTS

    outputs = {}
    for name in CASES:
        theirs = COUNTERPARTS[name].theirs()
        estimates = sampled(theirs, theirs.named_parameters())
        outputs[name] = [float(f"{x:.6g}") for x in estimates.flatten().tolist()]
    outputs["quantised"] = [float(f"{x:.6g}") for x in quantised().flatten().tolist()]
    origin = (
        f"demucs {demucs.__version__}, torch {torch.__version__}: tests/models/official/goldens.py"
    )
    lines = [f'"{name}": {json.dumps(values)}' for name, values in outputs.items()]
    FILE.write_text(f'{{"origin": "{origin}",\n' + ",\n".join(lines) + "}\n")


if __name__ == "__main__":
    main()
