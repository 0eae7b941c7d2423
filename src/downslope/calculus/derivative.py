"""`derivative`, `grad` and `value_and_grad`: one mode, or the one chosen by cost."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, ClassVar

from downslope.calculus.idle import idle
from downslope.calculus.makes import reversed_once, tangents
from downslope.calculus.memory import budget
from downslope.calculus.program import (
    Program,
    Wrt,
    listed,
    one_output,
    params_of,
    program,
    several,
    values_of,
    with_arrays,
)
from downslope.calculus.run import FEW, MODES, Engine, Mode, Runner
from downslope.calculus.structured import call, is_structured, program_of
from downslope.calculus.structured_calls import gradient_of
from downslope.errors import SourceUnavailable, UsageError
from downslope.ir.nodes import Block, Function
from downslope.ir.structure import Shape, Structure
from downslope.modes.forward import forward
from downslope.modes.nested import nested_derivative, nested_gradient, nested_value_and_grad
from downslope.modes.reverse import reverse
from downslope.modes.running import is_running, under_oracles
from downslope.passes.simplify import simplified
from downslope.read.lower import Lowered

__all__ = ["MODES", "Derivative", "Mode", "derivative", "grad", "made", "value_and_grad"]


@dataclass(frozen=True)
class Derivative:
    """A derivative that can be called like the program, and differentiated again.

    `origin` is what was differentiated: for a derivative of higher order, a `Derivative`. `asked` are
    the names as they were given, `wrt` those of the inputs.
    """

    origin: Callable[..., Any] | str
    program: Program
    asked: tuple[str | int, ...]
    wrt: tuple[str, ...]
    mode: Mode
    several: bool
    engine: Engine = "native"
    delta: float | None = None
    with_value: bool = False
    memory: int | None = None
    sees_duals: ClassVar[bool] = True  # see `modes.running`
    _shaped: dict[Any, Any] = field(default_factory=dict, compare=False, repr=False)

    @cached_property
    def forward_form(self) -> Function:
        """The IR of value and tangents."""
        names = params_of(self.program.function, self.wrt)
        return forward(self.program.function, names)

    @cached_property
    def function(self) -> Function:
        """The IR that is run: value, then the derivatives."""
        if self.chosen == "reverse":
            return reverse(self.program.function, params_of(self.program.function, self.wrt))
        return self.forward_form

    @cached_property
    def _run(self) -> Callable[[list[Any]], tuple[float, ...]]:
        if self.chosen == "formal":
            from downslope.calculus.formula import FormulaRunner  # SymPy is slow to load

            return FormulaRunner(self.program, self.wrt)
        if self.chosen in ("numeric", "dual"):
            from downslope.calculus.running import FunctionRunner  # not needed for the first gradient

            inner = self.origin if isinstance(self.origin, Derivative) else self.program.source.function
            return FunctionRunner(self.program, inner, self.path, self.wrt, self.chosen, self.delta)
        make = reversed_once if self.chosen == "reverse" else tangents
        return Runner(self.program, self.wrt, make, self.engine, self.memory)

    @cached_property
    def _nested(self) -> Callable[..., Any]:
        """The same where an oracle runs a program that calls it: by dual numbers."""
        f = self.origin if isinstance(self.origin, Derivative) else self.program.source.function
        return nested_gradient(f, self.wrt if self.several else self.wrt[0], self.with_value)

    @property
    def chosen(self) -> Mode:
        """The mode that is run: for `auto`, the one that its number of inputs makes the cheaper."""
        if self.mode == "auto":
            return "forward" if len(self.wrt) <= FEW else "reverse"
        return self.mode

    @property
    def __signature__(self) -> inspect.Signature:
        return inspect.signature(self.program.source.function)

    @property
    def path(self) -> tuple[str, ...]:
        """The inputs by which the program has been differentiated before this derivative."""
        return (*self.origin.path, *self.origin.wrt) if isinstance(self.origin, Derivative) else ()

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """The derivative at these arguments: a number, or a tuple for several inputs.

        Raises `UsageError` for arguments that do not fit, `ProgramError` where the program raises.
        """
        if is_running():
            return self._nested(*args, **kwargs)
        prompt = self._shaped.get("prompt")  # see `calculus.prompt`, which loads NumPy
        if prompt is not None and not kwargs and (answer := prompt(args)) is not None:
            return self._answer(*answer)
        if is_structured(self.program, args, kwargs):
            return self._of_structures(args, kwargs)
        if with_arrays(self.program, args, kwargs):
            from downslope.calculus.gradients import gradient  # NumPy is slow to load

            return self._answer(*gradient(self, args, kwargs))
        values = values_of(self.program, args, kwargs, self.wrt)
        value, *slopes = self._run(values)
        return self._answer(value, slopes)

    def _answer(self, value: float, slopes: Sequence[Any]) -> Any:
        """Slopes as they are asked for."""
        result = tuple(slopes) if self.several else slopes[0]
        return (value, result) if self.with_value else result

    def _of_structures(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        """The derivative at arguments some of which are structures."""
        one = call(self.program, self.wrt, args, kwargs)
        key = (one.leaves.shapes, one.wrt)
        if key not in self._shaped:
            one_output(one.leaves.program)
            self._shaped[key] = self.of_leaves(one.leaves.shapes, one.wrt)
        found = self._shaped[key](*one.values)
        value, slopes = found if self.with_value else (None, found)
        result = gradient_of(one, self.several, slopes)
        return (value, result) if self.with_value else result

    def of_leaves(self, shapes: tuple[Shape, ...], wrt: tuple[str, ...] = ()) -> "Derivative":
        """The derivative of the program of leaves, in some of these or in all that the inputs asked for have."""
        inner = self.origin.of_leaves(shapes) if isinstance(self.origin, Derivative) else None
        flat = program_of(self.program, shapes)
        names = wrt or tuple(leaf for name in self.wrt for leaf in flat.names(name))
        return replace(
            self, origin=inner or flat, program=flat.program, asked=names, wrt=names, several=True, _shaped={}
        )

    def flattened(self, shapes: tuple[Shape, ...]) -> Program:
        """The derivative as a program of leaves."""
        inner = self.of_leaves(shapes)
        if not self.several and inner.wrt == self.wrt:  # one number stays one
            inner = replace(inner, several=False)
        flat, _ = inner.as_program(None)
        parts = tuple(program_of(self.program, shapes).shape(name) for name in self.wrt)
        result = Structure("tuple", tuple, tuple(range(len(parts))), parts) if self.several else parts[0]
        return replace(
            flat,
            make=None,
            lowering=lambda kinds: Lowered(inner.slopes_of(inner.program.form(kinds)), result),
        )

    def as_program(self, wrt: Wrt) -> tuple[Program, tuple[str, ...]]:
        """The derivative as a program. Its forward form is tape-free, so any mode can follow.

        The gradient in an array is its reverse form; it can be differentiated further in forward mode.
        """
        whole = self.with_inputs(wrt)
        base = whole.program
        given = None if base.given is None else whole.slopes_of(base.given)
        read = Program(
            base.source, given, base.symbols, lambda kinds: whole.slopes_of(base.form(kinds)),
            flat_of=whole.flattened,
        )  # fmt: skip
        return read, tuple(read.arguments[read.position(name)] for name in listed(wrt, whole.wrt[:1]))

    def slopes_of(self, base: Function) -> Function:
        """The derivatives as the only results."""
        names = params_of(base, self.wrt)
        arrays = {param.name for param in base.params if param.array}
        form = reverse(base, names) if arrays & set(names) else forward(base, names)
        only = Block(form.body.body, form.body.yields[1 : 1 + len(names)])
        return simplified(Function(f"d_{base.name}", form.params, only, not self.several))

    def with_inputs(self, wrt: Wrt) -> "Derivative":
        """The same derivative, of a program with the constants named in `wrt` as further inputs."""
        known = {*self.program.arguments, *self.program.symbols}
        new = [name for name in listed(wrt, []) if isinstance(name, str) and name not in known]
        if not new:
            return self
        origin = self.origin.with_inputs(new) if isinstance(self.origin, Derivative) else self.origin
        read, names = program(origin, (*self.asked, *new))
        return replace(self, origin=origin, program=read, wrt=names[: len(self.wrt)], _shaped={})


@under_oracles(nested_derivative)
def derivative(
    f: Callable[..., Any] | str,
    wrt: Wrt = None,
    mode: Mode = "auto",
    *,
    delta: float | None = None,
    memory: int | None = None,
    engine: Engine = "native",
) -> Callable[..., Any]:
    """The derivative of a program, as a function of the same arguments.

    `wrt` names inputs (by name or position) or constants of the program; by default the first input.
    One name gives a number, a sequence gives a tuple. `mode` is `numeric` (Ridders' extrapolated
    differences, or the plain two-point quotient where `delta` is given), `formal` (closed formulas, where
    there are any), `dual`, `forward`, `reverse` or `auto`. `memory` is the budget of a reverse sweep in bytes; by
    default a long loop runs again from snapshots where its tape would be longer than 32 MiB. Raises `UnsupportedError` for source that
    cannot be differentiated, `UsageError` for unknown names. Method: Griewank & Walther, Evaluating Derivatives, 2nd ed., 2008.

    >>> def f(x):
    ...     return 3 * x**2
    >>> derivative(f, mode="forward", engine="python")(4.0)
    24.0
    """
    if mode not in (*MODES, "auto"):
        raise UsageError(
            f"unknown mode {mode!r}", why=f"modes are {', '.join(MODES)}, auto.", fix="choose one of them."
        )
    return made(f, wrt, mode, engine, delta, memory=memory)


def made(
    f: Callable[..., Any] | str,
    wrt: Wrt,
    mode: Mode,
    engine: Engine,
    delta: float | None = None,
    with_value: bool = False,
    quiet: bool = False,
    memory: int | None = None,
) -> Callable[..., Any]:
    """A derivative; with `quiet`, without a word on inputs that do not matter."""
    budget(memory)  # a wrong one is told at once
    f = f.with_inputs(wrt) if isinstance(f, Derivative) else f
    try:
        read, names = program(f, wrt)
    except SourceUnavailable as error:
        if isinstance(f, str):
            raise
        from downslope.calculus.sourceless import without_source  # seldom needed

        return without_source(f, wrt, mode, error, delta, with_value)
    one_output(read)
    if not quiet and not isinstance(f, Derivative):
        idle(read, names)
    asked = tuple(listed(wrt, [0]))
    return Derivative(f, read, asked, names, mode, several(wrt), engine, delta, with_value, memory)


@under_oracles(nested_derivative)
def grad(
    f: Callable[..., Any] | str, wrt: Wrt = None, *, memory: int | None = None, engine: Engine = "native"
) -> Callable[..., Any]:
    """The gradient of a program: `derivative` with the mode chosen by cost, in `memory` bytes (docs/long-loops.md).

    >>> def area(width, height):
    ...     return width * height
    >>> grad(area, ("width", "height"), engine="python")(2.0, 3.0)
    (3.0, 2.0)
    """
    return derivative(f, wrt, memory=memory, engine=engine)


@under_oracles(nested_value_and_grad)
def value_and_grad(
    f: Callable[..., Any] | str, wrt: Wrt = None, *, memory: int | None = None, engine: Engine = "native"
) -> Callable[..., Any]:
    """The value and the gradient in one call: `(value, gradient)`.

    >>> value_and_grad(lambda x: x * x, engine="python")(3.0)
    (9.0, 6.0)
    """
    return made(f, wrt, "auto", engine, with_value=True, memory=memory)
