"""Methods of lists, their elements, and what becomes an array of one."""

from collections.abc import Sequence

from downslope.ir.nodes import Arg, Lit, New
from downslope.ir.types import Type
from downslope.read.frames import Value
from downslope.read.lists import NUMBER, Lists
from downslope.read.merging import nothing
from downslope.read.subscripts import Item, subscripted
from downslope.read.views import Buffer, Listed, View, whole_view


class ListCalls(Lists):
    """One case per method."""

    def method(self, value: Listed, name: str, args: Sequence[Value], hint: str) -> Value:
        """`value.name(*args)`; a method that only changes the list gives nothing."""
        match name, args:
            case "append", [element]:
                self.append(value, element)
            case "pop", []:
                return self.pop(value, hint=hint)
            case "pop", [index]:
                return self.pop(value, self.number(index), hint)
            case "extend", [more]:
                self.extend(value, more)
            case "insert", [index, element]:
                self.insert(value, self.number(index), element)
            case "clear", []:
                self.checked(value)
                self.counted(value, Lit(0))
            case "reverse", []:
                self.reverse(value)
            case "copy", []:
                return self.of(value, hint)
            case _:
                raise self.refused(f"the method {name} of a list with these arguments")
        return nothing(name)

    def element(self, value: Listed, items: Sequence[Item]) -> View:
        """The one element that a subscript means, to be stored into."""
        view = subscripted(self.arrays, self.view(value), items)
        if view.rank or len(items) != 1:
            raise self.refused("a store into a slice of a list")
        return view

    def array(self, value: Listed, dtype: Type | None, hint: str) -> View:
        """`numpy.array(value)`: its elements are whole where all of the list's are."""
        source = self.view(value)
        if dtype is not None:
            target = self.arrays.new(dtype, source.lengths, Lit(None), hint)
        else:
            target = self._fitting(source.lengths, hint)
        self.arrays.counted(
            source.lengths, lambda index: self.arrays.store(target, index, self.arrays.load(source, index))
        )
        return target

    def _fitting(self, lengths: tuple[Arg, ...], hint: str) -> View:
        host = self.arrays.host
        name = host.names.fresh(hint)
        host.out.append(New(name, lengths, NUMBER, Lit(None), host.place, fits=True))
        buffer = Buffer(NUMBER, lengths, hint, rows=True)
        self.arrays.current[buffer] = name
        return whole_view(buffer)
