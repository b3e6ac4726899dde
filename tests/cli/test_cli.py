"""The command line as a whole: helps, wrong words, completion, where commands can be run."""

import subprocess
import sys

import pytest

from hdemucs.cli import COMMANDS, main
from hdemucs.cli.completion import everything
from hdemucs.cli.models import model_folder
from hdemucs.errors import UserError


def ended(capsys, *words):
    """Exit status, and what was said."""
    with pytest.raises(SystemExit) as end:
        main(words)
    told = capsys.readouterr()
    code = end.value.code
    return (code, told.out + told.err) if isinstance(code, int) else (1, str(code))


def test_the_version_is_the_packages(capsys):
    status, said = ended(capsys, "--version")
    assert (status, said.split()[0]) == (0, "hdemucs")


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_help_says_what_the_command_does_and_its_defaults(capsys, name):
    status, said = ended(capsys, name, "--help")
    assert status == 0
    assert said.startswith(f"usage: hdemucs {name}")
    assert "None" not in said and "False" not in said


def test_a_help_says_the_defaults(capsys):
    _, said = ended(capsys, "separate", "--help")
    for default in (
        "(default: hybrid)",
        "(default: 0.25)",
        "(default: 24)",
        "(default: separated)",
    ):
        assert default in " ".join(said.split())


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["seperate"], "'seperate' is unknown; did you mean separate?"),
        (["frobnicate"], "'frobnicate' is unknown; choose from separate, score"),
        (["separate", "a.wav", "--modle", "x"], "unknown option --modle; did you mean --model?"),
        (["separate", "a.wav", "--bits=float", "--shfts=2"], "did you mean --shifts?"),
        (["separate", "a.wav", "--format", "flak"], "'flak' is unknown; did you mean flac?"),
        (["listen", "serve", "--prot", "1"], "unknown option --prot; did you mean --port?"),
        (["runs", "prun"], "'prun' is unknown; did you mean prune?"),
    ],
)
def test_a_wrong_word_names_the_right_one(capsys, words, said):
    status, told = ended(capsys, *words)
    assert status == 2
    assert said in told
    assert len(told.strip().splitlines()) == 1


@pytest.mark.parametrize("name", sorted(name for name, one in COMMANDS.items() if one.study))
def test_outside_a_study_the_cure_is_to_go_to_one(capsys, tmp_path, monkeypatch, name):
    given = {"study": ["systems"], "preflight": ["hybrid"], "compare": ["HEAD"]}.get(name, [])
    monkeypatch.chdir(tmp_path)
    status, said = ended(capsys, name, *given)
    assert status == 1
    assert "is no study: params.yaml is not here; run" in said
    (tmp_path / "params.yaml").write_text("")
    (tmp_path / "reports").mkdir()
    monkeypatch.chdir(tmp_path / "reports")
    assert f"run it in {tmp_path}" in ended(capsys, name, *given)[1]


def test_a_shell_completes_commands_and_options(tmp_path):
    known = set(everything().options())
    assert {"--two-stems", "--partial", "--port", "--longest"} <= known
    printed = subprocess.run(
        [sys.executable, "-m", "hdemucs.cli", "completion", "bash"],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    (tmp_path / "completion.sh").write_text(printed)
    asked = "source completion.sh; COMP_WORDS=(hdemucs separate --two); COMP_CWORD=2; " \
        "_shtab_hdemucs; echo ${COMPREPLY[@]}"  # fmt: skip
    done = subprocess.run(
        ["bash", "-c", asked], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["--two-stems"]


def test_a_model_is_named_by_folder_or_variant(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "models" / "hybrid").mkdir(parents=True)
    (tmp_path / "elsewhere").mkdir()
    assert model_folder("hybrid").as_posix() == "models/hybrid"
    assert model_folder("elsewhere").as_posix() == "elsewhere"
    with pytest.raises(UserError, match="did you mean hybrid"):
        model_folder("hybird")
    (tmp_path / "configs" / "train").mkdir(parents=True)
    (tmp_path / "configs" / "train" / "waveform.json").write_text("{}")
    with pytest.raises(UserError, match="models/waveform: is not here yet; run `dvc pull"):
        model_folder("waveform")
