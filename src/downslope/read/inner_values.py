"""What a derivative inside a program is: the function's own statements and those of a sweep, at the place of the call."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from functools import partial

from downslope.ir.nodes import Arg, Lit
from downslope.read.differentiated import DifferentiatingReader, How, Run
from downslope.read.frames import Closure, Derived, Value
from downslope.read.merging import leaves
from downslope.read.source import Source
from downslope.read.surroundings import changed_around, derivative_of, innermost, names_of_arguments
from downslope.read.transforms import Options
from downslope.read.views import Lazy, View

FEW = 16
"""Up to so many numbers, tangents beside the program cost less than a sweep back (docs/decisions/0002)."""
DEEPEST = 12
"""Derivatives within derivatives, at most: a function that differentiates itself has no end."""
Given = dict[str, Value]


class DerivativeValues(DifferentiatingReader):
    """The values of derivatives inside a program."""

    def __init__(self) -> None:
        super().__init__()
        self.depth = 0

    @abstractmethod
    def helper_value(self, target: object, helper: Source, given: Mapping[str, Value]) -> Value:
        """What a function from outside returns for these arguments."""

    @abstractmethod
    def closure_value(self, found: Closure, given: Mapping[str, Value]) -> Value:
        """What a nested function or a lambda returns for these arguments."""

    def value_of(self, function: Closure | Source, given: Mapping[str, Value]) -> Value:
        """What a function or a derivative returns at these arguments."""
        if isinstance(function, Source):
            return self.helper_value(function.function, function, given)
        if not isinstance(function, Derived):
            return self.closure_value(function, given)
        self.unchanged_around(function)
        if self.depth == DEEPEST:
            raise self.unsupported(
                f"more than {DEEPEST} derivatives within each other",
                "a function that differentiates itself has no end.",
                "differentiate a function that does not call itself.",
            )
        self.depth += 1
        try:
            return self._value_of(function, dict(given))
        finally:  # also where the statement is read again
            self.depth -= 1

    def _value_of(self, derived: Derived, given: Given) -> Value:
        names = self.inputs(derived, given)
        match derived.kind:
            case "hessian":
                chosen = Options(tuple(names), derived.options.several, derived.options.mode)
                slopes = derivative_of("grad", derived.of, chosen)
                return self.value_of(derivative_of("jacobian", slopes, chosen), given)
            case "jacobian":
                return self.jacobian(derived, given, names)
        value, slopes_found = self.slopes(derived, given, names)
        result = tuple(slopes_found) if derived.options.several else slopes_found[0]
        return (value, result) if derived.kind == "value_and_grad" else result

    def statements(self, function: Closure | Source) -> Run:
        """A function as what emits its statements."""
        return partial(self.value_of, function)

    def inputs(self, derived: Derived, given: Given) -> list[str]:
        """The names of the inputs that a derivative is taken in."""
        names = names_of_arguments(innermost(derived))
        found: list[str] = []
        for one in derived.options.wrt if derived.options.wrt is not None else (0,):
            name = names[one] if isinstance(one, int) and -len(names) <= one < len(names) else one
            if name not in names:
                raise self.unsupported(
                    f"the derivative in {one!r}", f"the inputs are {', '.join(names)}.", "name one of them."
                )
            if not isinstance(given[str(name)], str | Lit | View | Lazy):
                raise self.unsupported(
                    f"the derivative in {name!r}, which is no number and no array",
                    "a derivative inside a program is taken in numbers and arrays.",
                    "pass its parts as arguments of their own.",
                )
            found.append(str(name))
        return found

    def slopes(self, derived: Derived, given: Given, names: list[str]) -> tuple[Value, list[Value]]:
        """The value and its derivatives."""
        arrays = any(isinstance(given[name], View | Lazy) for name in names)
        mode = derived.options.mode
        if mode == "forward" and arrays:
            value, rows = self.blocks(derived.of, given, names)
            self.one_number(value)
            return value, rows[0]
        back = mode == "reverse" or (mode != "forward" and (arrays or len(names) > FEW))
        how: How = "reverse" if back else "forward"
        value, found = self.differentiated(self.checked_run(derived.of), given, names, how)
        return value, found

    def checked_run(self, function: Closure | Source) -> Run:
        """A function that must return one number."""

        def run(given: Mapping[str, Value]) -> Value:
            value = self.value_of(function, given)
            self.one_number(value)
            return value

        return run

    def one_number(self, value: Value) -> None:
        """Raise `UnsupportedError` for a value that has no gradient."""
        if not isinstance(value, str | Lit):
            raise self.unsupported(
                "the gradient of a function that does not return one number",
                "a gradient is that of one number.",
                "use jacobian, or return one number.",
            )

    def jacobian(self, derived: Derived, given: Given, names: list[str]) -> Value:
        """All derivatives of all outputs, as `downslope.jacobian` gives them."""
        arrays = any(isinstance(value, View | Lazy) for value in given.values())
        value, rows = self.blocks(derived.of, given, names)
        outputs = leaves(value)
        if not arrays and not any(isinstance(one, View) for one in outputs):
            table = self.arrays.new("f", [Lit(len(outputs)), Lit(len(names))], Lit(None), "t")
            for i, row in enumerate(rows):
                for j, entry in enumerate(row):
                    self.arrays.store(table, [Lit(i), Lit(j)], self.argument(entry))
            return table
        shown: list[Value] = [tuple(row) if derived.options.several else row[0] for row in rows]
        return tuple(shown) if isinstance(value, tuple) else shown[0]

    def blocks(
        self, function: Closure | Source, given: Given, names: list[str]
    ) -> tuple[Value, list[list[Value]]]:
        """The value, and for each output and input the derivatives: the shape of the one, then of the other."""
        value = self.settled(self.value_of(function, given), "t")
        outputs = leaves(value)
        rows: list[list[Value]] = [[] for _ in outputs]
        for name in names:
            for row, block in zip(rows, self.columns(function, given, names, name, outputs), strict=True):
                row.append(block)
        return value, rows

    def columns(
        self, function: Closure | Source, given: Given, names: list[str], name: str, outputs: Sequence[Value]
    ) -> list[Value]:
        """The derivatives of the outputs in one input, one element after another."""
        moved = given[name]
        if not isinstance(moved, View | Lazy):
            seeds = [self.zero(given[n], Lit(1.0) if n == name else None, []) for n in names]
            return self.differentiated(self.statements(function), given, names, "pushed", seeds)[1]
        tables = [
            self.arrays.new(
                "f", [*(out.lengths if isinstance(out, View) else ()), *moved.lengths], Lit(None), "t"
            )
            for out in outputs
        ]

        def one(index: list[Arg]) -> None:
            seeds = [self.zero(given[n], Lit(1.0) if n == name else None, index) for n in names]
            dots = self.differentiated(self.statements(function), given, names, "pushed", seeds)[1]
            for table, dot in zip(tables, dots, strict=True):
                if isinstance(dot, View):
                    self.arrays.counted(
                        dot.lengths,
                        lambda at, table=table, dot=dot: self.arrays.store(  # type: ignore[misc]
                            table, [*at, *index], self.arrays.load(dot, at)
                        ),
                    )
                else:
                    self.arrays.store(table, index, self.argument(dot))

        self.arrays.counted(moved.lengths, one)
        return list(tables)

    def zero(self, value: Value, one: Lit | None, index: list[Arg]) -> Value:
        """The tangent that is 0, but for `one` at an index."""
        if not isinstance(value, View | Lazy):
            return Lit(0.0) if one is None else one
        view = self.arrays.new("f", value.lengths, Lit(0.0), "t")
        if one is not None:
            self.arrays.store(view, index, one)
        return view

    # ---- what is around it -----------------------------------------------------------------------

    def unchanged_around(self, derived: Derived) -> None:
        """Raise `UnsupportedError` where a variable that the function reads is another than when it was made."""
        for name in changed_around(derived):
            raise self.unsupported(
                f"{name!r} has changed since the derivative was made",
                "a derivative reads what is around its function when it is made.",
                f"make the derivative where it is called, or pass {name} as an argument.",
            )
