"""A server of released files, and such files with random weights, as their authors' are."""

import hashlib
import urllib.parse
from pathlib import Path

import torch

from hdemucs.study.released import catalogue
from tests.data.zenodo import Answer, Zenodo


class Shelf(Zenodo):
    """Serves `files` by name; faults as Zenodo's."""

    def __init__(self, files: dict[str, bytes]) -> None:
        super().__init__(b"")
        self.files = files
        self.RequestHandlerClass = OneOfThem

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/files"


class OneOfThem(Answer):
    def do_GET(self) -> None:  # noqa: N802  as http.server calls it
        name = urllib.parse.unquote(Path(self.path).name)
        if name not in self.server.files:
            self.status(404)
            return
        if self.server.content is not self.server.files[name]:
            self.server.content = self.server.files[name]
        super().do_GET()


def packaged(path: Path, model: torch.nn.Module, kwargs: dict) -> bytes:
    """A model as the official package publishes one."""
    content = {
        "klass": type(model), "args": (), "kwargs": kwargs, "state": model.state_dict(),
        "training_args": {},
    }  # fmt: skip
    torch.save(content, path)
    return path.read_bytes()


def named(signature: str, content: bytes) -> str:
    """A file's name, with the first digits of its digest in it."""
    return f"{signature}-{hashlib.sha256(content).hexdigest()[:8]}.th"


def entries(files: dict[str, bytes]) -> dict[str, dict[str, str]]:
    """The catalogue's lines for such files, by signature."""
    root = next(iter(catalogue()["roots"]))
    return {name.split("-")[0]: {"root": root, "file": name} for name in files}
