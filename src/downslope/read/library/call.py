"""What the functions of a library need of the reader: arguments, loops over stacks, and programs of ours."""

from collections.abc import Callable, Sequence
from typing import NoReturn, Protocol

from downslope.errors import ArrayExpected, Loc, UnsupportedError
from downslope.ir.nodes import Arg, Lit
from downslope.read.array_calls import ArrayCalls
from downslope.read.arrays import Arrays
from downslope.read.frames import Value
from downslope.read.subscripts import NewAxis, Slice, nth, subscripted, transposed
from downslope.read.views import Lazy, View, Word
from downslope.read.whole_arrays import WholeArrays


class Host(Protocol):
    """What a library function needs of the reader."""

    arrays: Arrays
    whole: WholeArrays
    array_calls: ArrayCalls
    place: Loc | None

    def routine(self, name: str, values: Sequence[Value]) -> Value:
        """What a routine on whole arrays gives (`rules.whole`)."""

    def expanded(self, program: str, values: Sequence[Value]) -> Value:
        """What a program of ours (`rules.programs.named`) gives for these arguments."""


class LibraryCall:
    """One call of a library function: `name` is how NumPy or SciPy call it."""

    def __init__(self, host: Host, name: str, given: Sequence[Value]) -> None:
        self.host, self.name = host, name
        self.arrays, self.whole, self.calls = host.arrays, host.whole, host.array_calls
        self.numbers = any(isinstance(value, str) for value in given)  # an array may come at another call

    # ---- faults ----------------------------------------------------------------------------------

    def refused(self, what: str, why: str, fix: str = "pass what NumPy takes.") -> NoReturn:
        """Raise `UnsupportedError` at this place; `ArrayExpected` where an argument may be an array."""
        kind = ArrayExpected if self.numbers else UnsupportedError
        raise kind(f"{self.name} {what}", loc=self.host.place, why=why, fix=fix)

    # ---- arguments -------------------------------------------------------------------------------

    def view(self, value: Value, least: int = 0, most: int = 99) -> View:
        """An argument that is an array of floats of some rank; whole numbers are made floats."""
        if isinstance(value, str | Lit) and value != Lit(None):
            if least > 0:
                self.refused("of a number", f"it takes an array of rank {least}.")
            value = self.calls.made((value,), "f", "t")
            value = self.item(value, Lit(0))
        if not isinstance(value, View | Lazy | tuple):
            self.refused("of something that is no array", "it takes arrays.")
        made = self.calls.view(value)
        if made.buffer.type.element != "f":
            made = self.calls.made(made, "f", "t")
        if not least <= made.rank <= most:
            wanted = (
                f"{least}" if least == most else f"{least} or more" if most == 99 else f"{least} to {most}"
            )
            self.refused(f"of an array of rank {made.rank}", f"it takes an array of rank {wanted}.")
        return made

    def square(self, value: Value) -> View:
        """A square matrix, or a stack of them."""
        view = self.view(value, 2)
        return self.with_core(view, self.equal(view.lengths[-1], view.lengths[-2]), view.lengths[-2])

    def equal(self, left: Arg, right: Arg) -> Arg:
        """The second of two lengths, which must be equal: else the program raises here."""
        self.whole.require_equal(left, right)
        return right

    def with_core(self, view: View, *lengths: Arg) -> View:
        """The view with its last lengths under other names, which are known to be equal to them."""
        kept = view.lengths[: view.rank - len(lengths)]
        return View(view.buffer, view.places, (*kept, *lengths), view.readonly)

    def parts(self, value: Value) -> tuple[Value, ...]:
        """Several results."""
        assert isinstance(value, tuple)
        return value

    def number(self, value: Value) -> Arg:
        """An argument that is one number."""
        if isinstance(value, str | Lit) and value != Lit(None):
            return value
        return self.refused("with an array where a number is needed", "this argument is one number.")

    def known(self, value: Value, what: str) -> int | float | str | None:
        """An option: a number or a text in the source."""
        if isinstance(value, Word):
            return value.text
        if isinstance(value, Lit):
            return value.value
        return self.refused(
            f"with {what} that is not known when the program is read",
            "it decides which loops the program runs.",
            "write it as a number or a text.",
        )

    def whole_number(self, value: Value, what: str) -> int:
        """An option that is a whole number in the source."""
        found = self.known(value, what)
        if not isinstance(found, int) or isinstance(found, bool):
            self.refused(f"with {what} {found!r}", "it must be a whole number.", "write one.")
        return found

    # ---- results ---------------------------------------------------------------------------------

    def item(self, view: View, *index: Arg) -> View:
        """A part of an array at indices that are known to be in it."""
        for each in index:
            view = nth(self.arrays, view, each)
        return view

    def column(self, view: View) -> View:
        """A vector as a matrix of one column."""
        return subscripted(self.arrays, view, [Slice(), NewAxis()])

    def row(self, view: View) -> View:
        """A vector as a matrix of one row."""
        return subscripted(self.arrays, view, [NewAxis(), Slice()])

    def single(self, view: View) -> View:
        """An array without axes as a vector of one number."""
        return subscripted(self.arrays, view, [NewAxis()])

    def first_column(self, value: Value) -> View:
        """The first column of a matrix."""
        return self.item(transposed(self.view(value), [1, 0]), Lit(0))

    def each(self, value: Value, run: Callable[[Arg], Value]) -> Value:
        """`run` on a number, or on each element of an array."""
        if isinstance(value, str | Lit):
            return run(self.number(value))
        view = self.view(value)
        out = self.arrays.new("f", view.lengths, Lit(None), "t")

        def body(index: list[Arg]) -> None:
            self.arrays.store(out, index, self.number(run(self.arrays.load(view, index))))

        self.arrays.counted(view.lengths, body)
        return out

    def run(self, program: str, *values: Value) -> Value:
        """What a program of ours, `module:function`, gives for these arguments."""
        return self.host.expanded(program, values)

    def routine(self, name: str, *values: Value) -> Value:
        """What a routine of LAPACK gives for these arrays."""
        return self.host.routine(name, values)

    def stacked(
        self,
        operands: Sequence[tuple[View, int]],
        shapes: Sequence[Sequence[Arg]],
        run: Callable[[list[View]], Value],
    ) -> Value:
        """`run` on each member of stacks: each operand's last axes, so many, are a member's own.

        `shapes` are those of the results for one member. Without stacks, `run` on the operands.
        """
        heads = [view.lengths[: view.rank - core] for view, core in operands]
        if not any(heads):
            return run([view for view, _ in operands])
        head = self.whole.broadcast(heads)
        results = [self.arrays.new("f", [*head, *shape], Lit(None), "t") for shape in shapes]

        def body(index: list[Arg]) -> None:
            members = []
            for (view, _), lengths in zip(operands, heads, strict=True):
                offset = len(index) - len(lengths)
                at = [
                    Lit(0) if length == Lit(1) != head[offset + axis] else index[offset + axis]
                    for axis, length in enumerate(lengths)
                ]
                members.append(self.item(view, *at))
            value = run(members)
            for result, part in zip(results, value if len(shapes) > 1 else (value,), strict=True):  # type: ignore[arg-type]
                self.put(self.item(result, *index), part)

        self.arrays.counted(head, body)
        return tuple(results) if len(results) > 1 else results[0]

    def put(self, view: View, value: Value) -> None:
        """A store of a number or of an array."""
        if view.rank:
            self.whole.assign(view, self.calls.elements(value))
        else:
            self.arrays.store(view, [], self.number(value))
