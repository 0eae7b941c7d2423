"""Arguments of array functions by name, as Python binds them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from downslope.ir.nodes import Lit
from downslope.read.frames import Value
from downslope.read.views import Word

CONSTANTS: Mapping[str, Value] = {"None": Lit(None), "True": Lit(True), "False": Lit(False)}


@dataclass(frozen=True)
class Entry:
    """A function that the reader writes as loops: its parameters, as in `"a axis=None"`, and what it gives.

    A name with a star takes all arguments that are left, as a tuple.
    """

    signature: str
    run: Callable[..., Value]


def bound(signature: str, args: Sequence[Value], keywords: Mapping[str, Value]) -> list[Value] | None:
    """The argument of each parameter; None where they do not fit.

    >>> bound("a axis=None k=1", ["x"], {"k": Lit(2)})
    ['x', Lit(value=None), Lit(value=2)]
    >>> bound("a", [], {}) is None
    True
    """
    left, given, found = list(args), dict(keywords), list[Value]()
    for part in signature.split():
        name, _, default = part.partition("=")
        if name.startswith("*"):
            found.append(tuple(left))
            left = []
        elif left:
            found.append(left.pop(0))
        elif name in given:
            found.append(given.pop(name))
        elif default:
            found.append(_default(default))
        else:
            return None
    return None if left or given else found


def _default(text: str) -> Value:
    if text in CONSTANTS:
        return CONSTANTS[text]
    for kind in (int, float):
        try:
            return Lit(kind(text))
        except ValueError:
            continue
    return Word(text)
