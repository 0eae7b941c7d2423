"""Programs in files of their own, for tests that read and change them."""

import sys
from pathlib import Path

import downslope as ds
from downslope.read.source import read_source


def forget(folder: Path) -> None:
    """Remove the modules loaded from a folder, so that its files are loaded anew."""
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if file and Path(file).is_relative_to(folder):
            del sys.modules[name]


class Files:
    """A folder of Python files; `program` is the function of this name in `main.py`."""

    def __init__(self, folder: Path, texts: dict[str, str]) -> None:
        self.folder = folder
        for name, text in texts.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(text.encode())

    @property
    def program(self) -> str:
        forget(self.folder)
        return f"{self.folder / 'main.py'}:program"

    def run(self, *args: float) -> float:
        """What the program in the files gives."""
        return read_source(self.program).function(*args)

    def constants(self) -> dict[str, object]:
        return {constant.name: constant for constant in ds.constants(self.program)}

    def text(self, name: str = "main.py") -> str:
        return (self.folder / name).read_bytes().decode()
