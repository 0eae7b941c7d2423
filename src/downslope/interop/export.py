"""A program's value and gradient as a Python file that does not need downslope."""

import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib import metadata
from pathlib import Path
from typing import Any

from downslope.calculus.idle import idle
from downslope.calculus.program import Program, Wrt, listed, one_output, params_of, program
from downslope.calculus.run import FEW
from downslope.data.write import replace
from downslope.emit.python import emit
from downslope.errors import UnsupportedError, UsageError
from downslope.interop.standalone import SAFE, helpers, rewritten
from downslope.ir.calls import own_callees, reachable, recursive
from downslope.ir.nodes import Function
from downslope.ir.types import Type
from downslope.modes.forward import forward
from downslope.modes.reverse import reverse

DECORATOR = '@numba.njit(error_model="{}")\n'


def decorated(text: str, decorator: str) -> str:
    """The functions of a text, each with the decorator."""
    return re.sub(r"^def ", f"{decorator}def ", text, flags=re.MULTILINE)


@dataclass(frozen=True)
class Exported:
    """The parts of a file: a program, the inputs it is differentiated by, and for whom it is written."""

    read: Program
    wrt: tuple[str, ...]
    asked: tuple[str | int, ...]
    numba: bool

    @property
    def name(self) -> str:
        """What the file calls the program."""
        return self.read.source.name

    @cached_property
    def sweep(self) -> Function:
        """The IR of value and derivatives, in the mode that `grad` takes."""
        names = params_of(self.read.function, self.wrt)
        mode = forward if len(self.wrt) <= FEW else reverse
        return mode(self.read.function, names)

    @property
    def types(self) -> dict[str, Type]:
        """The types of inputs by their name in IR: whole are those that count, or have a whole default."""
        found: dict[str, Type] = {}
        for param in self.read.function.params:
            default = self.read.source.defaults.get(param.label)
            whole = param.label in self.read.counts or (
                isinstance(default, int) and param.label not in self.wrt
            )
            found[param.name] = "b" if isinstance(default, bool) and whole else "i" if whole else "f"
        return found

    @property
    def parameters(self) -> str:
        """The inputs as a parameter list; numeric defaults stay where Python allows them."""
        parts: list[str] = []
        bare = False
        for name in reversed(self.read.arguments):
            default = self.read.source.defaults.get(name)
            bare = bare or not isinstance(default, int | float)
            parts.append(name if bare else f"{name}={default!r}")
        return ", ".join(reversed(parts))

    @property
    def values(self) -> str:
        """The inputs as arguments for the sweep: floats where they vary."""
        types = self.types
        ready = []
        for param in self.read.function.params:
            real = types[param.name] == "f" and (self.numba or param.label in self.wrt)
            ready.append(f"float({param.label})" if real else param.label)
        return ", ".join(ready)

    def bodies(self) -> tuple[str, str]:
        """The program and the sweep as text; the program raises what Python raises, the sweep does not."""
        primal = emit(self.read.function, self.types, f"_{self.name}_value")
        sweep = emit(self.sweep, self.types, f"_{self.name}_sweep")
        return rewritten(primal, safe=False), rewritten(sweep, safe=not self.numba)

    def functions(self) -> list[str]:
        """What the file offers: value, gradient, and both."""
        slopes = ", ".join(f"_results[{i + 1}]" for i in range(len(self.wrt)))
        several = ", ".join(str(name) for name in self.asked)
        name, head = self.name, self.parameters
        value = f"_{name}_value({self.values if self.numba else ', '.join(self.read.arguments)})"
        lines = (
            f"def {name}({head}):",
            '    """The program\'s result."""',
            f"    return {value}",
            "",
            f"def {name}_value_and_gradient({head}):",
            f'    """(result, ({several},)): the derivatives by these."""',
            f"    _value = {value}",
            f"    _results = _{name}_sweep({self.values})",
            f"    return _value, ({slopes},)",
            "",
            f"def {name}_gradient({head}):",
            f'    """({several},): the derivatives by these."""',
            f"    return {name}_value_and_gradient({', '.join(self.read.arguments)})[1]",
        )
        return "\n".join(lines).split("\n\n")

    def text(self) -> str:
        """The whole file."""
        plain, numpy = (DECORATOR.format(model) if self.numba else "" for model in ("python", "numpy"))
        primal, sweep = self.bodies()
        shared = helpers((primal, sweep), safe=not self.numba, decorator=numpy)
        imported = [text for text in shared if text.startswith("from ")]
        written = [text for text in shared if not text.startswith("from ")]
        safe = [] if self.numba or "_safe(" not in "".join((sweep, *shared)) else [SAFE.strip()]
        body = [
            *safe,
            *written,
            decorated(primal, plain),
            decorated(sweep, numpy),
            *(f"{plain}{f}" for f in self.functions()),
        ]
        head = "\n".join([*self._imports("\n".join(body)), *imported])
        names = [f"{self.name}{suffix}" for suffix in ("", "_gradient", "_value_and_gradient")]
        offered = f"__all__ = [{', '.join(repr(name) for name in names)}]".replace("'", '"')
        return "\n\n\n".join([f'"""{self._said()}"""\n\n{head}\n\n{offered}', *body]) + "\n"

    def _imports(self, body: str) -> list[str]:
        """The imports that the code needs: those of Python, then the others."""
        own = [f"import {name}" for name in ("math", "operator") if f"{name}." in body]
        others = ["import numba"] if self.numba else []
        others += ["import numpy as np"] if "np." in body else []
        special = [name for name in ("gamma", "gammaln") if f"_scipy_{name}" in body]
        others += [f"from scipy.special import {name} as _scipy_{name}" for name in special]
        return [*own, *([""] if own and others else []), *others]

    def _said(self) -> str:
        """How the file was made, and what it needs."""
        source = self.read.source
        digest = hashlib.sha256(source.text.encode()).hexdigest()
        needs = "NumPy and Numba" if self.numba else "NumPy"
        extra = (
            "    All functions are Numba's, and can be called from other compiled code.\n"
            if self.numba
            else ""
        )
        return (
            f"The value of `{source.name}` and its derivatives by {', '.join(map(str, self.asked))}.\n\n"
            f"Written by downslope {metadata.version('downslope')} from {Path(source.file).name}\n"
            f"(SHA-256 {digest}).\n"
            f"It needs {needs}, and not downslope. Do not edit it: export it again.\n{extra}"
        )


def exported(f: Callable[..., Any] | str, wrt: Wrt = None, *, numba: bool = False) -> Exported:
    """A program ready to be written. Raises as `grad`; `UnsupportedError` for a program that takes arrays."""
    read, names = program(f, wrt)
    if read.given is None:
        raise UnsupportedError(
            f"an export of {read.source.name}, which takes arrays",
            loc=read.source.loc(read.source.node),
            why="a file of its own is written for programs that take numbers.",
            fix="pass numbers, or use downslope.grad.",
        )
    one_output(read)
    idle(read, names)
    mutual = [one for one in reachable(read.given) if recursive(one) and one not in own_callees(one)]
    if numba and mutual:
        raise UnsupportedError(
            f"an export of {read.source.name} for Numba: {mutual[0].name} calls itself through another function",
            loc=read.source.loc(read.source.node),
            why="Numba does not always link functions that call one another.",
            fix="export it as Python, or make one function of them.",
        )
    return Exported(read, names, tuple(_listed(wrt, names)), numba)


def _listed(wrt: Wrt, names: Sequence[str]) -> list[str | int]:
    """What was asked for by name."""
    return [name if isinstance(name, str) else names[i] for i, name in enumerate(listed(wrt, names[:1]))]


def export(f: Callable[..., Any] | str, wrt: Wrt, path: str | Path, *, numba: bool = False) -> None:
    """Write a program's value and gradient as a Python file that does not need downslope.

    The file offers `NAME(...)`, `NAME_gradient(...)` and `NAME_value_and_gradient(...)` with the program's
    arguments; constants in `wrt` are further ones, whose defaults are their values. It needs NumPy (and
    SciPy where the program uses its special functions); with `numba`, its functions are compiled by Numba
    and can be called from compiled code. It raises where the program raises. Written wholly or not at all.
    Raises as `grad`, `UsageError` for a path that is no new Python file, `WriteError`.

    >>> import tempfile
    >>> def area(width, height=2.0):
    ...     return width * height**2
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     export(area, ["width", "height"], f"{folder}/area_gradient.py")
    ...     text = Path(f"{folder}/area_gradient.py").read_text()
    >>> [line for line in text.splitlines() if line.startswith("def area")][1]
    'def area_value_and_gradient(width, height=2.0):'
    """
    file = Path(path)
    made = exported(f, wrt, numba=numba)
    own = Path(made.read.source.file)
    if file.suffix != ".py" or (own.exists() and file.exists() and own.samefile(file)):
        why = "it is the program itself." if file.suffix == ".py" else "a Python file's name ends in .py."
        raise UsageError(f"{file} is no place for the export", why=why, fix="e.g. gradient.py")
    replace(file, made.text().encode())
