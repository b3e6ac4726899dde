"""Read pickles as data: what a file describes, without doing what it says.

A pickle is a program that may call anything. This reader runs none of it. It understands the few
instructions that checkpoints consist of, keeps each name as a `Global` and each object as an
inert `Record`, and refuses the rest. Nothing is imported, looked up or called.
"""

from __future__ import annotations

import io
import pickletools
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

ORDERED = ("collections", "OrderedDict")
CALLED = {ORDERED, ("torch._utils", "_rebuild_tensor_v2"), ("torch._utils", "_rebuild_parameter")}
BUILT_IN = sys.stdlib_module_names | {"__builtin__"}  # `__builtin__` is Python 2's name

LONGEST_NAME = 200  # characters
STOP = b"."


class Hostile(ValueError):  # noqa: N818  a property of the file, not an error of ours
    """The pickle is damaged, or wants something that no checkpoint needs."""


@dataclass(frozen=True)
class Global:
    """The name of a class or a function."""

    module: str
    name: str

    def __str__(self) -> str:
        return f"{self.module}.{self.name}"


@dataclass(frozen=True, eq=False)
class Record:
    """What unpickling would have made by `kind(*args)`, perhaps with a state."""

    kind: Global
    args: tuple[Any, ...]


@dataclass(frozen=True, eq=False)
class Stored:
    """A reference to something outside of the pickle."""

    key: Any


def read(content: bytes) -> Any:
    """The object that a pickle describes.

    Raises:
        Hostile: the pickle is refused; the message says why.
    """
    machine, file = Machine(), io.BytesIO(content)
    try:
        while (code := file.read(1)) != STOP:
            machine.step(*instruction(code, file))
        return machine.pop()
    except Hostile:
        raise
    except (ValueError, IndexError, KeyError, TypeError, OverflowError, MemoryError) as error:
        raise Hostile(f"its pickle is damaged ({type(error).__name__}: {error})") from error


def instruction(code: bytes, file: io.BytesIO) -> tuple[str, Any]:
    """Name and argument of the instruction with this code; one that we do not know is not even
    parsed.
    """
    if not code:
        raise Hostile("its pickle has no end")
    opcode = OPCODES.get(code.decode("latin-1"))
    if opcode is None:
        raise Hostile(f"its pickle is damaged ({code!r} is no instruction)")
    if opcode.name not in UNDERSTOOD:
        problem = f"its pickle uses the instruction {opcode.name}, which no checkpoint needs"
        raise Hostile(problem)
    if opcode.name == "GLOBAL":  # pickletools would interpret backslashes
        return opcode.name, [file.readline().rstrip(b"\n").decode() for _ in range(2)]
    return opcode.name, opcode.arg.reader(file) if opcode.arg else None


class Machine:
    """A pickle machine's stack and memo, for the instructions that build data.

    Small pickles must stay small and quick. So a step costs no more than what it takes off the
    stack, and no value that may contain others is hashed, compared or printed: forty tuples, each
    of which holds the one before twice, have forty bytes and a trillion values.
    """

    def __init__(self) -> None:
        self.stack: list[Any] = []
        self.marks: list[int] = []  # the stack below each mark
        self.memo: dict[int, Any] = {}

    def step(self, name: str, argument: Any) -> None:
        if name in PUSHED:
            self.stack.append(argument)
        elif name in MADE:
            self.stack.append(MADE[name]())
        elif name not in SKIPPED:
            STEPS[name](self, argument)

    def last(self) -> Any:
        if len(self.stack) <= (self.marks[-1] if self.marks else 0):
            raise Hostile("its pickle is damaged (it takes what it has not given)")
        return self.stack[-1]

    def pop(self) -> Any:
        self.last()
        return self.stack.pop()

    def pop_to_mark(self) -> list[Any]:
        if not self.marks:
            raise Hostile("its pickle is damaged (a mark is missing)")
        start = self.marks.pop()
        values = self.stack[start:]
        del self.stack[start:]
        return values

    def top(self, kind: type) -> Any:
        value = self.last()
        if not isinstance(value, kind):
            raise Hostile(f"its pickle changes what is no {kind.__name__}")
        return value

    def tuple_of(self, count: int) -> None:
        values = [self.pop() for _ in range(count)]
        self.stack.append(tuple(reversed(values)))

    def name(self, module: Any, name: Any) -> None:
        if not (isinstance(module, str) and isinstance(name, str)):
            raise Hostile("its pickle names something by no name")
        parts = f"{module}.{name}".split(".")
        if len(module + name) > LONGEST_NAME or not all(part.isidentifier() for part in parts):
            raise Hostile("its pickle names something by no name")
        if module.partition(".")[0] in BUILT_IN and (module, name) not in CALLED:
            raise Hostile(f"its pickle names {module}.{name}, which no checkpoint needs")
        self.stack.append(Global(module, name))

    def call(self) -> None:
        """Record a call of one of the three functions that tensors need; it is not made."""
        args, function = self.pop(), self.pop()
        if not isinstance(function, Global):
            raise Hostile(f"its pickle calls a {type(function).__name__}, not a function")
        if (function.module, function.name) not in CALLED:
            raise Hostile(f"its pickle calls {function}, which no checkpoint needs")
        ordered = (function.module, function.name) == ORDERED
        if not isinstance(args, tuple) or (ordered and args):
            raise Hostile(f"its pickle calls {function} with what no checkpoint does")
        self.stack.append({} if ordered else Record(function, args))

    def instance(self) -> None:
        args, kind = self.pop(), self.pop()
        if not isinstance(kind, Global):
            raise Hostile("its pickle makes an instance of what is no class")
        self.stack.append(Record(kind, args))

    def build(self) -> None:
        """Refuse attributes of the object on the stack; no object that we read has any."""
        self.pop()
        if not isinstance(self.last(), Record | dict):
            raise Hostile("its pickle gives attributes to what is no object")

    def extend(self, values: list[Any]) -> None:
        self.top(list).extend(values)

    def set_items(self, values: list[Any]) -> None:
        target = self.top(dict)
        for key, value in zip(values[::2], values[1::2], strict=True):
            if not isinstance(key, str | int | float | None):
                raise Hostile("its pickle has a key that is no name")
            target[key] = value


PUSHED = {
    "BININT", "BININT1", "BININT2", "LONG1", "BINFLOAT", "BINUNICODE", "SHORT_BINUNICODE",
    "BINBYTES", "SHORT_BINBYTES",
}  # fmt: skip
SKIPPED = {"PROTO", "FRAME"}
MADE: dict[str, Callable[[], Any]] = {
    "NONE": lambda: None,
    "NEWTRUE": lambda: True,
    "NEWFALSE": lambda: False,
    "EMPTY_DICT": dict,
    "EMPTY_LIST": list,
    "EMPTY_TUPLE": tuple,
}
STEPS: dict[str, Callable[[Machine, Any], Any]] = {
    "MARK": lambda m, _: m.marks.append(len(m.stack)),
    "BINPUT": lambda m, i: m.memo.update({i: m.last()}),
    "LONG_BINPUT": lambda m, i: m.memo.update({i: m.last()}),
    "MEMOIZE": lambda m, _: m.memo.update({len(m.memo): m.last()}),
    "BINGET": lambda m, i: m.stack.append(m.memo[i]),
    "LONG_BINGET": lambda m, i: m.stack.append(m.memo[i]),
    "TUPLE": lambda m, _: m.stack.append(tuple(m.pop_to_mark())),
    "TUPLE1": lambda m, _: m.tuple_of(1),
    "TUPLE2": lambda m, _: m.tuple_of(2),
    "TUPLE3": lambda m, _: m.tuple_of(3),
    "APPEND": lambda m, _: m.extend([m.pop()]),
    "APPENDS": lambda m, _: m.extend(m.pop_to_mark()),
    "SETITEM": lambda m, _: m.set_items([m.pop(), m.pop()][::-1]),
    "SETITEMS": lambda m, _: m.set_items(m.pop_to_mark()),
    "GLOBAL": lambda m, names: m.name(*names),
    "STACK_GLOBAL": lambda m, _: m.name(*[m.pop(), m.pop()][::-1]),
    "REDUCE": lambda m, _: m.call(),
    "NEWOBJ": lambda m, _: m.instance(),
    "BUILD": lambda m, _: m.build(),
    "BINPERSID": lambda m, _: m.stack.append(Stored(m.pop())),
}
OPCODES = {opcode.code: opcode for opcode in pickletools.opcodes}
UNDERSTOOD = PUSHED | SKIPPED | MADE.keys() | STEPS.keys()
