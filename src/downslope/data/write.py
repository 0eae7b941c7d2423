"""Write a file wholly or not at all."""

import contextlib
import os
import shutil
from pathlib import Path

from downslope.errors import WriteError


def replace(path: Path, content: bytes) -> None:
    """Write a file in one step. Raises `WriteError` where it cannot be written; then nothing is changed.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     replace(Path(folder) / "note.txt", b"kept")
    ...     (Path(folder) / "note.txt").read_text(), len(list(Path(folder).iterdir()))
    ('kept', 1)
    """
    temporary = path.with_name(f".downslope_{os.getpid()}_{path.name}")
    try:
        with temporary.open("xb") as file:
            file.write(content)
        if path.exists():
            shutil.copymode(path, temporary)
        temporary.replace(path)
    except OSError as error:
        raise WriteError(
            f"{path} cannot be written", why=f"{error.strerror or error}.", fix="choose another place."
        ) from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
