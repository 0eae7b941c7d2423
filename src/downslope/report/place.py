"""Where a file is to be written: looked at before the work that makes it."""

import tempfile
from pathlib import Path

from downslope.errors import WriteError


def check_place(path: Path) -> None:
    """Raise `WriteError` where a file of this name cannot be made or replaced.

    >>> check_place(Path("no such folder") / "page.html")
    Traceback (most recent call last):
        ...
    downslope.errors.WriteError: no such folder/page.html cannot be written
      why: there is no folder 'no such folder'.
      fix: make the folder, or choose another place.
    """
    folder = path.resolve().parent
    if path.is_dir():
        why, fix = "it is a folder.", "add a file name."
    elif not folder.is_dir():
        why, fix = f"there is no folder {str(path.parent)!r}.", "make the folder, or choose another place."
    else:
        try:
            with tempfile.TemporaryFile(dir=folder):
                return
        except OSError as error:
            why, fix = f"{folder}: {error.strerror or error}.", "choose another place."
    raise WriteError(f"{path} cannot be written", why=why, fix=fix)
