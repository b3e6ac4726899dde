"""The digest of a file of code: what it means, whatever it looks like and which Python asks."""

import shutil
import subprocess
from pathlib import Path

import pytest

from hdemucs.corpus.claim import generator
from hdemucs.errors import UserError
from hdemucs.meaning import meaning, of_package

PROJECT = Path(__file__).parents[2]

# Every kind of syntax that Python's versions parse or write down in ways of their own.
SYNTAX = '''
"""A module."""
def f(a, /, b: int = 1, *c, d=None, **e) -> "x":
    "a function"
    return f"{a!r:>{b}} {{x}} {b=} text" f"{c:}" "tail" + u"u" + f"{'a' 'b'}", rb"\\x00" b"1"
class A(B, metaclass=C):
    """A class."""
    x: int
    async def g(self):
        async with a as b, c: yield (await d)
        return [i async for i in j if k], {**l, 1: 2}, {m for m in n}, lambda: ...
match x:
    case [1, *_, {"a": None, **rest}] | A(b=2.5) if (y := 3): pass
    case None | True | -1.0j: x[1:2, ...] += 10**400
try: pass
except* E as e: raise e from None
finally: z
for i in j: break
else: print(1 if 2 else 3, not 4, *a, **b); assert x, "no"
f"{f'{x}'}{y:{z}.{w}}{{}}{v!s}"
'''
# Made by Python 3.11.7; 3.12.1 and 3.13.0 gave the same. Another value re-keys every run.
GOLDEN = "30c3ade426c299a235598389131b9a5a7b7df8086b76990a9642c6c24cb00652"


def digest(folder: Path, text: str) -> str:
    path = folder / "module.py"
    path.write_text(text)
    return meaning(path)


def test_it_is_what_it_always_was(tmp_path):
    assert digest(tmp_path, SYNTAX) == GOLDEN


@pytest.mark.parametrize("minor", range(12, 16))
def test_other_versions_of_python_give_the_same(tmp_path, minor):
    found = shutil.which(f"python3.{minor}")
    if not found or subprocess.run([found, "-c", ""], check=False, capture_output=True).returncode:
        pytest.skip(f"there is no Python 3.{minor} here")
    (tmp_path / "module.py").write_text(SYNTAX)
    files = [tmp_path / "module.py", *sorted((PROJECT / "hdemucs").rglob("*.py"))]
    names = [str(path) for path in files]
    asked = [found, "-B", "-W", "error", "-c", ASKED, *names]
    said = subprocess.run(asked, cwd=PROJECT, capture_output=True, text=True, check=True)
    assert said.stdout.split() == [meaning(path) for path in files]


ASKED = """
import sys; from pathlib import Path
sys.path.insert(0, ".")
from hdemucs.meaning import meaning
for name in sys.argv[1:]: print(meaning(Path(name)))
"""


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("x = 1\n", "# a comment\nx  =  1  # and another\n\n\n"),
        ('"""A."""\nx = 1\n', '"""B."""\nx = 1\n'),
        ('def f():\n    """A."""\n    return 1\n', "def f(): return (1)\n"),
        ("class A:\n    '''A.'''\n    x = 1\n", "class A:\n    x = 1\n"),
        ("f(a, b)\n", "f(\n    a,\n    b,\n)\n"),
        ("x = 'a' 'b'\n", 'x = u"ab"\n'),
        ("x = f'{a}b'\n", 'x = f"{a}" "b"\n'),
        ("x = 1000\n", "x = 1_000\n"),
    ],
)
def test_comments_docstrings_and_layout_do_not_count(tmp_path, one, other):
    assert digest(tmp_path, one) == digest(tmp_path, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("x = 1\n", "x = 2\n"),
        ("x = 1\n", "x = 1.0\n"),
        ("x = 1\n", "x = True\n"),
        ("x = '1'\n", "x = b'1'\n"),
        ("x = '1'\n", "x = 1\n"),
        ("x = 0.0\n", "x = -0.0\n"),
        ("x = f'{a}'\n", "x = f'{a!r}'\n"),
        ("x = f'{a}'\n", "x = '{a}'\n"),
        ("f(a)\n", "f(*a)\n"),
        ("f(a)\n", "f(a=a)\n"),
        ("x = {**a}\n", "x = {None: a}\n"),
        ("def f(a, *, b): pass\n", "def f(a, b): pass\n"),
        ("def f(a): pass\n", "async def f(a): pass\n"),
        ("def f():\n    x\n    'text'\n", "def f():\n    x\n"),
        ("from . import a\n", "from .. import a\n"),
        ("x = []\n", "x = ()\n"),
        ("a < b < c\n", "(a < b) < c\n"),
    ],
)
def test_what_runs_counts(tmp_path, one, other):
    assert digest(tmp_path, one) != digest(tmp_path, other)


def test_what_is_no_python_counts_by_its_bytes(tmp_path):
    page = tmp_path / "page.css"
    page.write_text("a { }")
    before = meaning(page)
    page.write_text("a {  }")
    assert meaning(page) != before


def test_what_should_be_python_and_is_not_is_refused_by_line(tmp_path):
    with pytest.raises(UserError, match=r"module\.py: line 2 is no Python"):
        digest(tmp_path, "a = 1\nb = (\n")


def test_a_corpus_is_its_packages_code_and_not_its_prose(tmp_path):
    """So a comment renders no corpus anew."""
    package, copy = PROJECT / "hdemucs" / "corpus", tmp_path / "corpus"
    shutil.copytree(package, copy)
    module = copy / "chance.py"
    text = module.read_text()
    module.write_text(f"{text}\n# A comment.\n")
    assert of_package(copy) == of_package(package) == generator()
    module.write_text(f"{text}\nA = 1\n")
    assert of_package(copy) != of_package(package)
    module.write_text(text)
    module.rename(copy / "other.py")
    assert of_package(copy) != of_package(package)
