"""The few functions of nnabla that d3net's model calls, on torch. Python 3.11 has no nnabla.

Parameters are looked up in `parameters` under nnabla's names, such as
`dense_full/ds_layers/dense_block0/initial_block/initial_layer/bottleneck/conv1/conv/W`.
"""

import sys
from contextlib import contextmanager
from types import ModuleType

import torch
from torch.nn import functional

parameters = {}
asked = set()
scopes = []


class Variable(torch.Tensor):
    """A tensor whose `+=` makes a new one, as an expression of nnabla's does."""

    def __iadd__(self, other):
        return self + other

    def apply(self, **_):
        return self


@contextmanager
def parameter_scope(name):
    scopes.append(name)
    try:
        yield
    finally:
        scopes.pop()


def get_parameter_or_create(name, shape=None, **_):
    key = "/".join([*scopes, name])
    asked.add(key)
    value = parameters[key]
    assert shape is None or tuple(value.shape) == tuple(shape), key
    return value


def convolution(x, outmaps, kernel, *, dilation, pad, name, **others):
    assert others == {"stride": (1, 1), "with_bias": True, "w_init": None}
    with parameter_scope(f"{name}/conv"):
        weight = get_parameter_or_create("W", (outmaps, x.shape[1], *kernel))
        bias = get_parameter_or_create("b", (outmaps,))
    y = functional.conv2d(x, weight, bias, 1, pad, dilation)
    return y.as_subclass(Variable)


def deconvolution(x, outmaps, kernel, *, stride, name):
    with parameter_scope(f"{name}/deconv"):
        weight = get_parameter_or_create("W", (x.shape[1], outmaps, *kernel))
        bias = get_parameter_or_create("b", (outmaps,))
    return functional.conv_transpose2d(x, weight, bias, stride)


def batch_normalization(x, *, batch_stat, name):
    with parameter_scope(f"{name}/bn"):
        mean, var, gamma, beta = (
            get_parameter_or_create(key).flatten() for key in ("mean", "var", "gamma", "beta")
        )
    return functional.batch_norm(x, mean.detach(), var.detach(), gamma, beta, batch_stat, 0.0, 1e-5)


def installed():
    """Put the stand-in where `import nnabla` finds it."""
    modules = {name: ModuleType(name) for name in NAMES}
    nnabla = modules["nnabla"]
    nnabla.parameter_scope = parameter_scope
    modules["nnabla.parameter"].get_parameter_or_create = get_parameter_or_create
    modules["nnabla.initializer"].ConstantInitializer = lambda value: value
    for name in ("convolution", "deconvolution", "batch_normalization"):
        setattr(modules["nnabla.parametric_functions"], name, globals()[name])
    functions = modules["nnabla.functions"]
    functions.relu = lambda x, inplace=False: functional.relu(x)
    functions.sigmoid = torch.sigmoid
    functions.concatenate = lambda *parts, axis: torch.cat(parts, axis)
    functions.average_pooling = lambda x, kernel, stride: functional.avg_pool2d(x, kernel, stride)
    functions.transpose = lambda x, axes: x.permute(axes)
    for name, module in modules.items():
        if name != "nnabla":
            setattr(nnabla, name.removeprefix("nnabla."), module)
    sys.modules.update(modules)


NAMES = (
    "nnabla", "nnabla.functions", "nnabla.parametric_functions", "nnabla.parameter",
    "nnabla.initializer",
)  # fmt: skip
