"""Steps of training with compiled layers beside the same steps without: a process of its own.

python -m tests.training.compiled_run MODEL BACKEND STEPS -> JSON

Under pytest, jaxtyping's import hook wraps every function; compilers cannot see through it.
"""

import functools
import json
import sys

import torch
from torch._dynamo.utils import counters

import hdemucs.training.learner
from hdemucs.models.family import build
from hdemucs.training.compiled import compiled
from hdemucs.training.learner import Learner
from tests.training.runs import ALONE, MODELS, config


def learner(model, backend=None, *, bf16=False):
    """With compiled layers, if by any backend."""
    hdemucs.training.learner.compiled = functools.partial(compiled, backend=backend)
    asked = config(model, bf16=bf16, compile=backend is not None)
    return Learner(build(MODELS[model], seed=1), asked, ALONE)


def losses(learner, steps, seed=0):
    generator = torch.Generator().manual_seed(seed)
    batches = (
        torch.randn(4, 4, 2, 6000, generator=generator).cumsum(-1) / 50 for _ in range(steps)
    )
    return [learner.step(batch).loss.item() for batch in batches]


def copy(state):
    return {name: tensor.clone() for name, tensor in state.items()}


def compared(model, backend, steps):
    """Losses of both, and of what each makes of the other's state."""
    plain, fast = learner(model), learner(model, backend)
    found = {"plain": losses(plain, steps), "compiled": losses(fast, steps)}
    found["graphs"] = counters["stats"]["unique_graphs"]
    found["same_names"] = plain.state().keys() == fast.state().keys()
    resumed, taken_over = learner(model, backend), learner(model)
    resumed.restore(copy(plain.state()))
    taken_over.restore(copy(fast.state()))
    found["plain_then_compiled"] = losses(resumed, 2, seed=1)
    found["compiled_then_plain"] = losses(taken_over, 2, seed=1)
    found["plain_on"], found["compiled_on"] = losses(plain, 2, seed=1), losses(fast, 2, seed=1)
    half = [learner(model, each, bf16=True) for each in (None, backend)]
    found["bf16"], found["bf16_compiled"] = (losses(each, steps) for each in half)
    return found


if __name__ == "__main__":
    torch.set_num_threads(1)
    model, backend, steps = sys.argv[1:]
    sys.stdout.write(json.dumps(compared(model, backend, int(steps))))
