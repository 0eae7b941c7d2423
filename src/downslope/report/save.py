"""Write a figure to a file: wholly or not at all."""

import difflib
import io
from pathlib import Path

import matplotlib
from matplotlib.figure import Figure

from downslope.data.write import replace as replace
from downslope.errors import UsageError

SUFFIXES = {".png": "Description", ".svg": "Description", ".pdf": "Subject"}
"""Kinds of picture, and where each keeps a sentence about itself."""


def check_suffix(path: Path) -> None:
    """Raise `UsageError` unless the name says a known kind of picture."""
    if path.suffix.lower() in SUFFIXES:
        return
    close = difflib.get_close_matches(path.suffix.lower(), SUFFIXES, 1)
    raise UsageError(
        f"{path}: unknown kind of picture {path.suffix!r}",
        why=f"known are {', '.join(SUFFIXES)}.",
        fix=f"did you mean {path.with_suffix(close[0])}?" if close else "e.g. curve.png",
    )


def save(figure: Figure, path: Path, summary: str = "") -> None:
    """Write PNG, SVG or PDF, as the suffix says; `summary` is kept inside, for those who cannot see it.

    The same figure gives the same bytes. Raises `UsageError` for an unknown suffix, `WriteError` where the
    file cannot be written; then nothing is.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save(Figure(), Path(folder) / "empty.png")
    ...     (Path(folder) / "empty.png").read_bytes()[1:4]
    b'PNG'
    """
    check_suffix(path)
    replace(path, encoded(figure, path.suffix.lower(), summary))


def encoded(figure: Figure, suffix: str, summary: str = "") -> bytes:
    """A figure as the bytes of a file with this suffix."""
    metadata: dict[str, str | None] = {SUFFIXES[suffix]: summary}
    if suffix != ".png":
        metadata["Date" if suffix == ".svg" else "CreationDate"] = None
    stream = io.BytesIO()
    with matplotlib.rc_context({"svg.hashsalt": "downslope"}):
        figure.savefig(stream, format=suffix[1:], dpi=120, metadata=metadata, bbox_inches="tight")
    return stream.getvalue()
