"""The GPU's page: its whole code runs on a CPU, at tiny sizes, without the pipeline's tools."""

import math
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from ruamel.yaml import YAML
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from hdemucs.benchmarks.gpu_page import distance
from hdemucs.benchmarks.gpu_work import Apart
from hdemucs.benchmarks.isolated import Failed, Isolated
from hdemucs.benchmarks.roofline import floor, flops, layers

ROWS = (
    "| hybrid | bf16, channels last |", "| v2 | official, fp32 |", "| ours, bf16 |",
    "| fp32, seed 43 |", "| hybrid: gradients | 0.0e+00 |", "| BSSEval | 0.0e+00 |",
)  # fmt: skip
ROOT = Path(__file__).parents[2]
ABSENT = ("dvc", "musdb", "museval", "submitit", "matplotlib", "pandas")
TINY = {
    "channels": 4,
    "depth": 3,
    "norm_from": 2,
    "residual": {"lstm_from": 2, "attention_from": 2},
}


@pytest.fixture(scope="module")
def bare(tmp_path_factory) -> Path:
    """A folder with a params.yaml of tiny models, and packages that cannot be imported."""
    folder = tmp_path_factory.mktemp("bare")
    params = YAML(typ="safe").load(ROOT / "params.yaml")
    families = params["scales"]["quick"]["families"]
    families["hybrid"]["model"] = {**TINY, "window": 256}
    families["waveform"]["model"] = TINY
    families["hybrid"]["training"]["penalty"]["min_size"] = 0.001
    YAML(typ="safe").dump(params, folder / "params.yaml")
    for name in ABSENT:
        (folder / "absent" / name).mkdir(parents=True)
        (folder / "absent" / name / "__init__.py").write_text("raise ImportError('absent')\n")
    return folder


def test_one_command_measures_everything_and_writes_the_page(bare):
    """But CUDA graphs, which only CUDA has, and compiling, which takes minutes on two cores."""
    words = "--device cpu --scale quick --batch 4 --segment 0.5 --steps 1 --curve 3 --song 2"
    command = [sys.executable, "-m", "hdemucs", "bench", "gpu", *words.split()]
    path = f"{bare / 'absent'}:{ROOT}"
    done = subprocess.run(
        [*command, "--without", "compiled layers", "--without", "CUDA graphs"],
        cwd=bare, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": path},
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    page = (bare / "reports/benchmarks/gpu.md").read_text()
    missing = page.partition("## What was not measured\n\n")[2].strip().splitlines()
    assert missing == ["- nothing"]
    for row in ROWS:
        assert row in page


@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        (nn.Conv1d(3, 5, 4, 2), (2, 3, 40)),
        (nn.Conv2d(3, 4, (3, 1), (2, 1)), (2, 3, 9, 5)),
        (nn.ConvTranspose1d(3, 5, 8, 4, 2), (2, 3, 20)),
        (nn.Linear(6, 7), (2, 5, 6)),
    ],
)
def test_operations_are_those_that_torch_counts(layer, shape):
    x = torch.randn(shape)
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        y = layer(x)
    assert flops(layer, x, y) == counter.get_total_flops()


def test_an_lstm_multiplies_every_matrix_at_every_step():
    (work,) = layers(nn.LSTM(3, 5, 2, bidirectional=True), torch.randn(7, 2, 3))
    assert work.flops == 2 * 7 * 2 * sum(4 * 5 * (wide + 5) * 2 for wide in (3, 10))


def test_a_floor_is_the_later_of_operations_and_bytes_layer_by_layer():
    work = layers(
        nn.Sequential(nn.Linear(10, 10), nn.Linear(10, 10, bias=False)), torch.ones(1, 10)
    )
    assert floor(work, 100.0, 1e9, 4) == pytest.approx(3 * 2 * 2)
    assert floor(work, 1e9, 10.0, 4) == pytest.approx(3 * (130 + 120) * 4 / 10)


def test_work_that_fails_costs_its_own_result_alone():
    with Isolated() as isolated:
        with pytest.raises(Failed, match="ValueError: math domain error"):
            isolated.do(60.0, math.sqrt, -1)
        with pytest.raises(Failed, match="not done after 0 s"):
            isolated.do(0.2, time.sleep, 60)
        with pytest.raises(Failed, match="its process died"):
            isolated.do(60.0, os._exit, 3)
        assert isolated.do(60.0, math.sqrt, 4) == 2


def test_results_that_differ_or_are_no_numbers_are_not_the_same():
    assert Apart("x", 1e-4, 1e-3).kept
    assert not Apart("x", 1e-2, 1e-3).kept
    assert not Apart("x", math.nan, 1e-3).kept


def test_losses_are_compared_by_their_running_means():
    steady, rising = [1.0] * 30, [1.0] * 29 + [2.0]
    assert distance(rising, steady) == pytest.approx((1 / 20, 1 / 20))
    assert distance(steady, steady) == (0, 0)
