"""The part of the reader for structures as a whole: their elements, their length, and what a loop goes over."""

from downslope.ir.nodes import Arg, Lit
from downslope.read.array_reader import Passes
from downslope.read.classes import (
    method_of,
)
from downslope.read.frames import Value
from downslope.read.operators import OperatorReader


class ObjectReader(OperatorReader):
    """What the reader does with structures, on top of what it does with attributes, keys and operators."""

    def items_of(self, value: Value) -> tuple[Value, ...]:
        """The elements of a tuple or list, or the keys of a dict."""
        found = self.objects.sequence(value)
        if found is None:
            raise self.unfit(
                [value],
                "a value where a tuple or list is needed",
                "it has no known elements.",
                "use a tuple.",
            )
        return found

    def spread(self, value: Value) -> Value:
        """A list or named tuple as a tuple of its elements; any other value as it is."""
        held = self.objects.held(value)
        if held is None or held.holder not in ("list", "named"):
            return value
        return tuple(self.spread(part) for part in held.parts)

    def passes_over(self, value: Value) -> Passes | None:
        """The passes of a loop over a structure; None for other values."""
        found = self.objects.sequence(value)
        if found is None:
            held = self.objects.held(value)
            if held is not None:
                raise self.unsupported(
                    f"a loop over {self.article(held)}",
                    "iterators are not read.",
                    "loop over a tuple or list of it.",
                )
            return None

        def at(k: int) -> Value:
            now = self.objects.sequence(value)  # a list may have changed in the pass before
            assert now is not None
            return self.known(now[k])

        items = [lambda k=k: at(k) for k in range(len(found))]
        return Passes(Lit(0), Lit(len(found)), Lit(1), _by_index, items=items)

    def length(self, value: Value) -> Arg:
        """`len(value)`."""
        held = self.objects.held(value)
        if held is None:
            return super().length(value)
        if held.holder == "object":
            method = method_of(held.cls, "__len__")
            if method is not None:
                return self.argument(self.invoked(method, [value], f"{held.cls.__name__}.__len__"))
            raise self.unsupported(
                f"len() of {self.article(held)}", "its class has no __len__.", "use a tuple or list."
            )
        return Lit(len(held.parts))


def _by_index(index: Arg) -> Value:
    """What is known now is never asked for by an index of the run."""
    raise AssertionError(index)
