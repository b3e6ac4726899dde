"""What bytesep's model and torchlibrosa's STFT need of packages that do not install here."""

import sys
from contextlib import contextmanager
from types import ModuleType, SimpleNamespace

import numpy as np
import scipy.signal
import torch
from torch.nn import functional


class InPlaceABNSync(torch.nn.BatchNorm2d):
    """inplace_abn 1.1.0's activated batch norm: its weight's absolute value and epsilon scale."""

    def __init__(self, num_features, momentum, activation):
        super().__init__(num_features, momentum=momentum)
        assert activation == "leaky_relu"

    def forward(self, x):
        y = functional.batch_norm(
            x, self.running_mean, self.running_var, self.weight.abs() + self.eps, self.bias,
            self.training, self.momentum, self.eps,
        )  # fmt: skip
        return functional.leaky_relu(y, 0.01)


def get_window(name, length, fftbins):
    return scipy.signal.get_window(name, length, fftbins)


def pad_center(x, size):
    assert len(x) == size
    return x


def normalize(x, norm):
    assert norm is None
    return np.asarray(x)


@contextmanager
def installed():
    """The stand-ins where imports find them, for as long as this lasts."""
    abn, lightning, librosa = map(ModuleType, ("inplace_abn.abn", "pytorch_lightning", "librosa"))
    abn.InPlaceABNSync = InPlaceABNSync
    lightning.LightningModule = torch.nn.Module
    lightning.utilities = ModuleType("pytorch_lightning.utilities")
    librosa.filters = SimpleNamespace(get_window=get_window)
    librosa.util = SimpleNamespace(pad_center=pad_center, normalize=normalize)
    package = ModuleType("inplace_abn")
    package.abn = abn
    stand_ins = {m.__name__: m for m in (package, abn, lightning, lightning.utilities, librosa)}
    sys.modules.update(stand_ins)
    try:
        yield
    finally:
        for name in stand_ins:
            del sys.modules[name]
