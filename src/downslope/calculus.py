"""The public derivatives: a program and what is asked of it -> IR, text, native code, numbers."""

import inspect
import math
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

import numpy as np

from downslope.emit.python import emit
from downslope.errors import DownslopeWarning, ProgramError, SourceUnavailable, UsageError
from downslope.ir.nodes import Block, Function
from downslope.modes.dual import dual_derivative
from downslope.modes.forward import forward
from downslope.modes.numeric import ridders, two_point
from downslope.modes.reverse import reverse
from downslope.passes.simplify import simplified
from downslope.passes.types import Type
from downslope.read.constants import find_constants, pick
from downslope.read.lift import lifted
from downslope.read.lower import lower
from downslope.read.source import Source, read_source

Mode = Literal["auto", "numeric", "dual", "forward", "reverse"]
Engine = Literal["native", "python"]
Wrt = str | int | Sequence[str | int] | None
MODES: tuple[Mode, ...] = ("numeric", "dual", "forward", "reverse")
FEW = 8
"""Up to so many parameters, tangents that travel with the primal beat a tape (docs/decisions/0002)."""


@dataclass(frozen=True)
class Program:
    """A program ready to be differentiated: its source (constants lifted), and its IR."""

    source: Source
    function: Function

    @property
    def arguments(self) -> tuple[str, ...]:
        """The names of the inputs, lifted constants last."""
        return self.source.arguments

    def position(self, which: str | int) -> int:
        """The position of an input, by name or by number."""
        if isinstance(which, int) and -len(self.arguments) <= which < len(self.arguments):
            return which % len(self.arguments)
        if isinstance(which, str) and which in self.arguments:
            return self.arguments.index(which)
        raise UsageError(
            f"{which!r} is not an input of {self.source.name}",
            why=f"its inputs are {', '.join(self.arguments)}.",
            fix="name one of them, or a constant that `constants(f)` lists.",
        )


def program(f: Callable[..., Any] | str, wrt: Wrt = None) -> tuple[Program, tuple[str, ...]]:
    """Read a program; constants named in `wrt` become inputs. Also the names of the inputs asked for."""
    if isinstance(f, Derivative):
        return _derived(f, wrt)
    source = read_source(f)
    asked = [wrt] if isinstance(wrt, str | int) else list(wrt if wrt is not None else [0])
    constants = [name for name in asked if isinstance(name, str) and name not in source.arguments]
    symbols: dict[str, str] = {}
    if constants:
        chosen = pick(find_constants(source), constants)
        source = lifted(source, chosen)
        symbols = {constant.name: constant.symbol for constant in chosen}
    read = Program(source, simplified(lower(source)))
    names = [symbols.get(n, n) if isinstance(n, str) else n for n in asked]
    return read, tuple(read.arguments[read.position(n)] for n in names)


def _derived(f: "Derivative", wrt: Wrt) -> tuple[Program, tuple[str, ...]]:
    """A derivative as a program. Its forward form is tape-free, so any mode can follow."""
    base = f.program
    only = Block(f.forward_form.body.body, f.forward_form.body.yields[1 : 1 + len(f.wrt)])
    tangent = simplified(Function(f"d_{base.function.name}", f.forward_form.params, only, not f.several))
    read = Program(base.source, tangent)
    asked = [wrt] if isinstance(wrt, str | int) else list(wrt if wrt is not None else f.wrt[:1])
    return read, tuple(read.arguments[read.position(n)] for n in asked)


@dataclass(frozen=True)
class Derivative:
    """A derivative that can be called like the program, and differentiated again."""

    program: Program
    wrt: tuple[str, ...]
    mode: Mode
    several: bool
    engine: Engine = "native"
    delta: float | None = None
    with_value: bool = False
    own: Callable[..., Any] | None = None
    _compiled: dict[Any, Callable[..., Any]] = field(default_factory=dict, compare=False, repr=False)

    @cached_property
    def forward_form(self) -> Function:
        """The IR of value and tangents."""
        names = _params(self.program.function, self.wrt)
        return forward(self.program.function, names)

    @cached_property
    def function(self) -> Function:
        """The IR that is run: value, then the derivatives."""
        _one_output(self.program)
        if self._chosen == "reverse":
            return reverse(self.program.function, _params(self.program.function, self.wrt))
        return self.forward_form

    @property
    def _chosen(self) -> Mode:
        if self.mode == "auto":
            return "forward" if len(self.wrt) <= FEW else "reverse"
        return self.mode

    @property
    def __signature__(self) -> inspect.Signature:
        return inspect.signature(self.program.source.function)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """The derivative at these arguments: a number, or a tuple for several inputs."""
        values = bound(self.program.source, args, kwargs, self.wrt)
        if self._chosen in ("numeric", "dual"):
            value, slopes = self._by_running(values)
        else:
            value, *slopes = self._by_code(values)
        result = tuple(slopes) if self.several else slopes[0]
        return (value, result) if self.with_value else result

    def _by_code(self, values: list[Any]) -> Any:
        kinds = tuple(_kind(value) for value in values)
        if kinds not in self._compiled:
            self._compiled[kinds] = _runnable(self.function, kinds, self.engine)
        try:
            results = self._compiled[kinds](*values)
        except Exception:
            _explain(self.program.source, values)
            raise
        if not all(map(math.isfinite, results)):
            _explain(self.program.source, values)
        return tuple(float(result) for result in results)

    def _by_running(self, values: list[Any]) -> tuple[float, list[float]]:
        run = self.own or self.program.source.function
        positional = _positional(self.program.source, run)
        slopes = []
        for name in self.wrt:
            position = self.program.position(name)
            if self._chosen == "dual":
                slopes.append(float(dual_derivative(positional, values, position)[1]))
                continue

            def along(x: float, position: int = position) -> float:
                return float(positional(*values[:position], x, *values[position + 1 :]))

            x = float(values[position])
            slopes.append(ridders(along, x).value if self.delta is None else two_point(along, x, self.delta))
        return float(positional(*values)), slopes


def _positional(source: Source, run: Callable[..., Any]) -> Callable[..., Any]:
    """The user's function taking every input by position (lifted constants are keywords)."""
    keyword_only = [
        n for n, p in inspect.signature(run).parameters.items() if p.kind is inspect.Parameter.KEYWORD_ONLY
    ]
    if not keyword_only:
        return run
    count = len(source.arguments) - len(keyword_only)

    def positional(*values: Any) -> Any:
        return run(*values[:count], **dict(zip(keyword_only, values[count:], strict=True)))

    return positional


def _params(function: Function, labels: Sequence[str]) -> list[str]:
    by_label = {param.label: param.name for param in function.params}
    return [by_label[label] for label in labels]


def _one_output(read: Program) -> None:
    if not read.function.scalar:
        raise UsageError(
            f"{read.source.name} returns {len(read.function.body.yields)} numbers",
            why="a gradient is that of one number.",
            fix="use downslope.jacobian, or return one number.",
        )


def _kind(value: Any) -> Type:
    return "b" if isinstance(value, bool) else "i" if isinstance(value, int) else "f"


def bound(source: Source, args: Sequence[Any], kwargs: Mapping[str, Any], wrt: Sequence[str]) -> list[Any]:
    """The program's inputs in order, as Python numbers; those of `wrt` as floats.

    Raises `UsageError` for missing, unknown or non-numeric arguments.
    """
    try:
        call = inspect.signature(source.function).bind(*args, **kwargs)
    except TypeError as error:
        raise UsageError(
            f"the arguments do not fit {source.name}",
            why=f"{error}.",
            fix=f"it takes {', '.join(source.arguments)}.",
        ) from error
    call.apply_defaults()
    return [number_of(call.arguments[name], name, name in wrt) for name in source.arguments]


def number_of(value: Any, name: str, as_float: bool) -> Any:
    """A Python number for a scalar argument."""
    if isinstance(value, np.generic):
        value = value.item()
    if not isinstance(value, int | float):
        raise UsageError(
            f"the argument {name} is a {type(value).__name__}, not a number",
            why="a program works on real numbers.",
            fix="pass a float or an int.",
        )
    return float(value) if as_float else value


def _runnable(function: Function, kinds: tuple[Type, ...], engine: Engine) -> Callable[..., Any]:
    from downslope.native.compiled import SCALARS, compiled, interpreted  # Numba is slow to load

    given = {param.name: kind for param, kind in zip(function.params, kinds, strict=True)}
    text = emit(function, given, "program")
    if engine == "python":
        return interpreted(text, "program")
    return compiled(text, "program", tuple(SCALARS[kind] for kind in kinds))


def _explain(source: Source, values: list[Any]) -> None:
    """Run the user's own function where native code found no finite number, to say what it raises."""
    try:
        _positional(source, source.function)(*values)
    except Exception as error:
        shown = ", ".join(f"{n}={v!r}" for n, v in zip(source.arguments, values, strict=True))
        raise ProgramError(
            f"{source.name} raised {type(error).__name__}: {error}",
            loc=source.loc(source.node),
            why=f"at {shown}.",
            fix="guard the operation, or leave this input out.",
        ) from error


def derivative(
    f: Callable[..., Any] | str,
    wrt: Wrt = None,
    mode: Mode = "auto",
    *,
    delta: float | None = None,
    engine: Engine = "native",
) -> Callable[..., Any]:
    """The derivative of a program, as a function of the same arguments.

    `wrt` names inputs (by name or position) or constants of the program; by default the first input.
    One name gives a number, a sequence gives a tuple. `mode` is `numeric` (Ridders' extrapolated
    differences, or the plain two-point quotient where `delta` is given), `dual`, `forward`, `reverse`
    or `auto`. Raises `UnsupportedError` for source that cannot be differentiated, `UsageError` for
    unknown names. Method: Griewank & Walther, Evaluating Derivatives, 2nd ed., 2008.

    >>> def f(x):
    ...     return 3 * x**2
    >>> derivative(f, mode="forward", engine="python")(4.0)
    24.0
    """
    if mode not in (*MODES, "auto"):
        raise UsageError(
            f"unknown mode {mode!r}", why=f"modes are {', '.join(MODES)}, auto.", fix="choose one of them."
        )
    try:
        read, names = program(f, wrt)
    except SourceUnavailable as error:
        return _without_source(f, wrt, error)
    several = wrt is not None and not isinstance(wrt, str | int)
    own = _as_function(f, names) if isinstance(f, Derivative) else None
    return Derivative(read, names, mode, several, engine, delta, own=own)


def _as_function(f: Derivative, names: Sequence[str]) -> Callable[..., Any]:
    del names
    return f.__call__


def _without_source(f: Any, wrt: Wrt, error: SourceUnavailable) -> Callable[..., Any]:
    """Dual numbers on the function itself, said once: never a silent change of method."""
    warnings.warn(
        f"{error.problem.what}: it is differentiated by dual numbers, which run it in Python and are slower",
        DownslopeWarning,
        stacklevel=3,
    )
    names = list(inspect.signature(f).parameters)
    asked = [wrt] if isinstance(wrt, str | int) else list(wrt if wrt is not None else [0])
    positions = [names.index(n) if isinstance(n, str) else n for n in asked]

    def slope(*args: float) -> Any:
        slopes = tuple(float(dual_derivative(f, args, position)[1]) for position in positions)
        return slopes if wrt is not None and not isinstance(wrt, str | int) else slopes[0]

    return slope


def grad(f: Callable[..., Any] | str, wrt: Wrt = None, *, engine: Engine = "native") -> Callable[..., Any]:
    """The gradient of a program: `derivative` with the mode chosen by cost.

    >>> def area(width, height):
    ...     return width * height
    >>> grad(area, ("width", "height"), engine="python")(2.0, 3.0)
    (3.0, 2.0)
    """
    return derivative(f, wrt, engine=engine)


def value_and_grad(
    f: Callable[..., Any] | str, wrt: Wrt = None, *, engine: Engine = "native"
) -> Callable[..., Any]:
    """The value and the gradient in one call: `(value, gradient)`.

    >>> value_and_grad(lambda x: x * x, engine="python")(3.0)
    (9.0, 6.0)
    """
    read, names = program(f, wrt)
    several = wrt is not None and not isinstance(wrt, str | int)
    return Derivative(read, names, "auto", several, engine, with_value=True)


def jacobian(
    f: Callable[..., Any] | str, wrt: Wrt = None, *, engine: Engine = "native"
) -> Callable[..., Any]:
    """All derivatives of all outputs: an array of shape (outputs, inputs in `wrt`).

    >>> jacobian(lambda x, y: (x * y, x + y), (0, 1), engine="python")(2.0, 3.0).tolist()
    [[3.0, 2.0], [1.0, 1.0]]
    """
    read, names = program(f, wrt)
    function = forward(read.function, _params(read.function, names))
    outputs = len(read.function.body.yields)

    def run(*args: Any, **kwargs: Any) -> Any:
        values = bound(read.source, args, kwargs, names)
        results = _runnable(function, tuple(map(_kind, values)), engine)(*values)
        return np.array(results[outputs:], dtype=float).reshape(len(names), outputs).T

    return run


def hessian(f: Callable[..., Any] | str, wrt: Wrt = None, *, engine: Engine = "native") -> Callable[..., Any]:
    """Second derivatives: an array (n, n) for the n inputs in `wrt` (forward over reverse).

    >>> hessian(lambda x, y: x * x * y, (0, 1), engine="python")(2.0, 3.0).tolist()
    [[6.0, 4.0], [4.0, 0.0]]
    """
    read, names = program(f, wrt)
    _one_output(read)
    labels = _params(read.function, names)
    gradient = reverse(read.function, labels)
    function = forward(gradient, labels)

    def run(*args: Any, **kwargs: Any) -> Any:
        values = bound(read.source, args, kwargs, names)
        results = _runnable(function, tuple(map(_kind, values)), engine)(*values)
        rows = np.array(results[1 + len(names) :], dtype=float).reshape(len(names), 1 + len(names))
        return rows[:, 1:]

    return run


def jvp(
    f: Callable[..., Any] | str,
    primals: Sequence[float],
    tangents: Sequence[float],
    *,
    engine: Engine = "native",
) -> tuple[Any, Any]:
    """A Jacobian-vector product: `(y, y_dot)`, where `tangents` moves each of `primals`.

    >>> jvp(lambda x, y: x * y, (2.0, 3.0), (1.0, 0.5), engine="python")
    (6.0, 4.0)
    """
    read, names = program(f, range(len(primals)))
    function = forward(read.function, _params(read.function, names), seeded=True)
    values = bound(read.source, primals, {}, names)
    dots = [number_of(t, "tangent", True) for t in tangents]
    if len(dots) != len(names):
        raise UsageError(
            "jvp needs one tangent per primal", why=f"{len(names)} primals, {len(dots)} tangents."
        )
    results = _runnable(function, ("f",) * (len(values) + len(dots)), engine)(*map(float, values), *dots)
    half = len(read.function.body.yields)
    if read.function.scalar:
        return float(results[0]), float(results[1])
    return tuple(map(float, results[:half])), tuple(map(float, results[half:]))


def vjp(
    f: Callable[..., Any] | str, *primals: float, engine: Engine = "native"
) -> tuple[Any, Callable[..., tuple[float, ...]]]:
    """A vector-Jacobian product: `(y, pull)`, where `pull(y_bar)` gives the cotangent of each primal.

    >>> y, pull = vjp(lambda x, y: x * y, 2.0, 3.0, engine="python")
    >>> y, pull(1.0)
    (6.0, (3.0, 2.0))
    """
    read, names = program(f, range(len(primals)))
    function = reverse(read.function, _params(read.function, names), seeded=True)
    values = [float(v) for v in bound(read.source, primals, {}, names)]
    outputs = len(read.function.body.yields)
    run = _runnable(function, ("f",) * (len(values) + outputs), engine)

    def pull(*bars: float) -> tuple[float, ...]:
        return tuple(map(float, run(*values, *map(float, bars))[outputs:]))

    ys = tuple(map(float, run(*values, *[0.0] * outputs)[:outputs]))
    return (ys[0] if read.function.scalar else ys), pull


def hvp(
    f: Callable[..., Any] | str,
    primals: Sequence[float],
    vector: Sequence[float],
    *,
    engine: Engine = "native",
) -> tuple[float, ...]:
    """A Hessian-vector product, without the Hessian (Pearlmutter 1994; forward over reverse).

    >>> hvp(lambda x, y: x * x * y, (2.0, 3.0), (1.0, 0.0), engine="python")
    (6.0, 4.0)
    """
    read, names = program(f, range(len(primals)))
    _one_output(read)
    labels = _params(read.function, names)
    function = forward(reverse(read.function, labels), labels, seeded=True)
    values = [float(v) for v in bound(read.source, primals, {}, names)]
    results = _runnable(function, ("f",) * (2 * len(values)), engine)(*values, *map(float, vector))
    return tuple(map(float, results[2 + len(names) :]))


def adjoint_source(f: Callable[..., Any] | str, wrt: Wrt = None) -> str:
    """The adjoint program as readable Python: outputs, then the gradient.

    >>> adjoint_source(lambda x: x * x).splitlines()[-1].strip()
    'return x * x, x + x'
    """
    read, names = program(f, wrt)
    _one_output(read)
    return emit(reverse(read.function, _params(read.function, names)))


def tangent_source(f: Callable[..., Any] | str, wrt: Wrt = None) -> str:
    """The forward-mode program as readable Python: outputs, then their tangents.

    >>> print(tangent_source(lambda x: x * x).splitlines()[-1].strip())
    return x * x, x + x
    """
    read, names = program(f, wrt)
    return emit(forward(read.function, _params(read.function, names)))


@dataclass(frozen=True)
class Check:
    """Every mode's derivatives side by side. `agree` is True where all are close to the dual numbers'."""

    wrt: tuple[str, ...]
    slopes: Mapping[str, tuple[float, ...]]
    agree: bool

    def __str__(self) -> str:
        head = f"{'mode':<10}" + "".join(f"{name:>24}" for name in self.wrt)
        rows = [f"{mode:<10}" + "".join(f"{x:>24.15g}" for x in s) for mode, s in self.slopes.items()]
        return "\n".join([head, *rows, "all modes agree" if self.agree else "the modes DISAGREE"])


def check(f: Callable[..., Any] | str, *args: Any, wrt: Wrt = None, engine: Engine = "native") -> Check:
    """Differentiate in every mode and compare: exact modes to 1e-9, numeric to 1e-6 (relative).

    >>> check(lambda x: x**3, 2.0, engine="python").agree
    True
    """
    every = tuple(range(len(args))) if wrt is None else wrt
    program(f, every)  # without source every mode would be dual numbers, and agree with itself
    slopes: dict[str, tuple[float, ...]] = {}
    names: tuple[str, ...] = ()
    for mode in MODES:
        run = derivative(f, every, mode, engine=engine)
        result = run(*args)
        names = run.wrt if isinstance(run, Derivative) else ()
        slopes[mode] = result if isinstance(result, tuple) else (result,)
    exact = slopes["dual"]
    agree = all(
        close(a, b, 1e-6 if mode == "numeric" else 1e-9)
        for mode, found in slopes.items()
        for a, b in zip(found, exact, strict=True)
    )
    return Check(names, slopes, agree)


def close(a: float, b: float, tolerance: float) -> bool:
    """Whether two derivatives agree; NaN agrees with nothing, infinity with itself."""
    return a == b or (
        math.isfinite(a) and math.isfinite(b) and abs(a - b) <= tolerance * max(1.0, abs(a), abs(b))
    )
