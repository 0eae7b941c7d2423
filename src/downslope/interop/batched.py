"""A program's value and derivatives for arrays of inputs, element by element, as native code."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from downslope.calculus.program import Program, one_output, params_of, program
from downslope.calculus.run import endless, explained, too_large
from downslope.errors import UnsupportedError, UsageError
from downslope.fitting.faults import suspects
from downslope.fitting.objective import Array
from downslope.ir.nodes import names_of
from downslope.ir.types import Type
from downslope.modes.forward import forward
from downslope.native.rows import RowError, RowKernel, row_kernel
from downslope.passes.guard import TOO_LARGE

KINDS: Mapping[str, Type] = {"f": "f", "i": "i", "b": "b"}


@dataclass(frozen=True)
class Batched:
    """A program to be run for each element of its inputs. `wrt` are the inputs it is differentiated by."""

    read: Program
    wrt: tuple[str, ...]
    _kernels: dict[tuple[int, tuple[Type, ...]], RowKernel] = field(
        default_factory=dict, compare=False, repr=False
    )

    def __call__(self, inputs: Sequence[Any], order: int = 1) -> Array:
        """(1 + k, *shape): the value, then the k derivatives, for inputs of one shape, in the program's order.

        With `order` 2, ((1 + k)**2, *shape): these, then for each input the derivative by it of all of them.
        Raises `ProgramError` with the first element for which the program raises.
        """
        arrays = [self._stored(name, value) for name, value in zip(self.read.arguments, inputs, strict=True)]
        columns = dict(zip(self.read.arguments, (np.ravel(array) for array in arrays), strict=True))
        shape, width = arrays[0].shape, (1 + len(self.wrt)) ** order
        if not arrays[0].size:
            return np.empty((width, *shape))
        try:
            out, faults = self._kernel(columns, order).rows(np.empty(1), columns)
        except RowError as error:
            raise self._stopped(columns, error) from error.__cause__
        for row in suspects(out[:, 0], faults):
            explained(self.read.source, self._values(columns, row))
        large = np.flatnonzero(faults & TOO_LARGE)
        if large.size:
            raise too_large(self.read.source, self._values(columns, int(large[0])))
        return np.ascontiguousarray(out.T).reshape(width, *shape)

    def check(self, name: str, kind: str) -> None:
        """Raise `UsageError` for elements that an input cannot have; `kind` is as in NumPy's dtypes."""
        if kind in ("iub" if name not in self.wrt else "fiubV"):  # V: JAX's short floats
            return
        raise UsageError(
            f"the argument {name} of {self.read.source.name} has elements of kind {kind!r}",
            why="it must be a real number." if name in self.wrt else "it counts, so it must be whole.",
            fix="convert it.",
        )

    def _stored(self, name: str, value: Any) -> Any:
        array = np.asarray(value)
        self.check(name, array.dtype.kind)
        if name in self.wrt:
            return array.astype(np.float64)
        return array.astype(np.bool_ if array.dtype.kind == "b" else np.int64)

    def _values(self, columns: Mapping[str, Any], row: int) -> list[Any]:
        return [column[row].item() for column in columns.values()]

    def _kernel(self, columns: Mapping[str, Any], order: int) -> RowKernel:
        types = {name: KINDS[column.dtype.kind] for name, column in columns.items()}
        key = (order, tuple(types.values()))
        if key not in self._kernels:
            base = self.read.function
            tangents = base
            for _ in range(order):
                tangents = forward(tangents, params_of(base, self.wrt))
            self._kernels[key] = row_kernel(tangents, types, (), names_of(base))
        return self._kernels[key]

    def _stopped(self, columns: Mapping[str, Any], error: RowError) -> Exception:
        source, values = self.read.source, self._values(columns, error.row)
        if isinstance(error.__cause__, StopIteration):
            return endless(source, values)
        explained(source, values)
        return error

    def ordered(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> list[Any]:
        """The inputs of a call in the program's order, defaults included. Raises `UsageError`."""
        source = self.read.source
        try:
            call = inspect.signature(source.function).bind(*args, **kwargs)
        except TypeError as error:
            fix = f"it takes {', '.join(source.arguments)}."
            raise UsageError(f"the arguments do not fit {source.name}", why=f"{error}.", fix=fix) from error
        call.apply_defaults()
        return [call.arguments[name] for name in source.arguments]


def batched(f: Callable[..., Any] | str, constants: Sequence[str] = ()) -> Batched:
    """A program with these constants as further inputs, differentiated by all that need not be whole.

    Raises as `grad`, and `UnsupportedError` for a program that takes arrays.

    >>> batched(lambda x, y: x * y)(([1.0, 2.0], [3.0, 4.0])).tolist()
    [[3.0, 8.0], [3.0, 4.0], [1.0, 2.0]]
    """
    read, _ = program(f, list(constants) or None)
    if read.given is None:
        raise UnsupportedError(
            f"{read.source.name} takes arrays",
            loc=read.source.loc(read.source.node),
            why="it would be run once for each element of its inputs.",
            fix="write it for numbers.",
        )
    one_output(read)
    return Batched(read, tuple(name for name in read.arguments if name not in read.counts))
