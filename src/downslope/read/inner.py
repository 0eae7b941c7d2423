"""`ds.grad(f)` and its like where a program calls them: which function, at which arguments."""

import ast
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import replace

from downslope.read.frames import Closure, Derived, Frame, Value
from downslope.read.inner_values import DerivativeValues, Given
from downslope.read.merging import with_leaves
from downslope.read.resolve import resolve, root
from downslope.read.source import Source, read_source
from downslope.read.surroundings import derivative_of, innermost, names_of_arguments
from downslope.read.transforms import PRODUCTS, Options, is_derivative, options, transform_of
from downslope.read.views import Lazy, View


class InnerReader(DerivativeValues):
    """What the reader does with derivatives inside a program."""

    @abstractmethod
    def bind(
        self,
        callee: ast.FunctionDef | ast.Lambda,
        node: ast.Call,
        frame: Frame,
        defaults: Mapping[str, Value],
        preset: Sequence[str] = (),
    ) -> dict[str, Value]:
        """The callee's arguments by name."""

    @abstractmethod
    def fixed(self, helper: Source, node: ast.Call, frame: Frame) -> dict[str, Value]:
        """The defaults of a helper that a call leaves as they are."""

    @abstractmethod
    def defaults(self, node: ast.FunctionDef | ast.Lambda, frame: Frame) -> dict[str, Value]:
        """The defaults of a nested function."""

    # ---- which derivative ------------------------------------------------------------------------

    def derivative_call(self, node: ast.Call, frame: Frame) -> "Value | None":
        """The value of a call that makes or calls a derivative; None for any other call."""
        if isinstance(node.func, ast.Name | ast.Attribute):
            found = frame.find(root(node.func))
            if isinstance(found, Derived) and isinstance(node.func, ast.Name):
                return self.derivative_at(found, node, frame)
            if found is not None:
                return None
            target = resolve(node.func, frame.source.namespace)
            if is_derivative(target):
                return self.derivative_at(self.from_outside(target), node, frame)
            kind = transform_of(target)
            if kind is None:
                return None
            return self.product(kind, node, frame) if kind in PRODUCTS else self.made(kind, node, frame)
        if isinstance(node.func, ast.Call) and transform_of(resolve(node.func.func, frame.source.namespace)):
            found = self.derivative_call(node.func, frame)
            assert isinstance(found, Derived)  # the fence lets no other call be called
            return self.derivative_at(found, node, frame)
        return None

    def made(self, kind: str, node: ast.Call, frame: Frame) -> Derived:
        """`ds.grad(f)`: a derivative that is called later."""
        function = self.function_of(node.args[0], frame)
        return derivative_of(kind, function, options(node, 1, frame.source))

    def from_outside(self, value: object) -> Derived:
        """A derivative that was made outside the program."""
        origin = value.origin  # type: ignore[attr-defined]  # as `is_derivative` says
        inner = self.from_outside(origin) if is_derivative(origin) else value.program.source  # type: ignore[attr-defined]
        kind = "value_and_grad" if value.with_value else "grad"  # type: ignore[attr-defined]
        chosen = Options(value.wrt, value.several, value.mode)  # type: ignore[attr-defined]
        return derivative_of(kind, inner, chosen)

    def function_of(self, node: ast.expr, frame: Frame) -> Closure | Source:
        """What is differentiated: a lambda, a nested function, another derivative, or a function from outside."""
        if isinstance(node, ast.Lambda):
            return Closure(node, frame, self.defaults(node, frame))
        found = self.derivative_call(node, frame) if isinstance(node, ast.Call) else None
        if isinstance(node, ast.Name) and frame.find(node.id) is not None:
            found = self.known(frame.find(node.id))  # type: ignore[arg-type]  # it is not None
        if isinstance(found, Closure):
            return found
        if found is None and not isinstance(node, ast.Call):
            target = resolve(node, frame.source.namespace)
            return self.from_outside(target) if is_derivative(target) else read_source(target)  # type: ignore[arg-type]
        raise self.unsupported(
            f"the derivative of {ast.unparse(node)}",
            "only functions known when the program is read can be differentiated.",
            "give a lambda, or the name of a function.",
        )

    def derivative_at(self, derived: Derived, node: ast.Call, frame: Frame) -> Value:
        """A derivative at the arguments of a call."""
        if derived.kind == "pull":
            return self.pull(derived, [self.expression(argument, frame) for argument in node.args])
        base = innermost(derived)
        if isinstance(base, Source):
            fixed, preset = self.fixed(base, node, frame), tuple(base.preset)
            return self.value_of(derived, self.bind(base.node, node, frame, fixed, preset))
        return self.value_of(derived, self.bind(base.node, node, frame, base.defaults))

    def by_position(self, function: Closure | Source, values: Sequence[Value]) -> Given:
        """The arguments of a function by name, from values in their order."""
        base = innermost(function)
        names = names_of_arguments(base)
        if isinstance(base, Source):
            call = ast.Call(ast.Name(base.name), [ast.Constant(0) for _ in values], [])
            defaults: Mapping[str, Value] = self.fixed(
                base, ast.copy_location(call, base.node), Frame(base, {})
            )
        else:
            defaults = base.defaults
        if len(values) > len(names) or any(name not in defaults for name in names[len(values) :]):
            raise self.unsupported(
                f"{len(values)} argument(s) for a function of ({', '.join(names)})",
                "they do not fit.",
                "pass each argument once.",
            )
        return {**defaults, **dict(zip(names, (self.settled(v, "t") for v in values), strict=False))}

    # ---- products -------------------------------------------------------------------

    def product(self, kind: str, node: ast.Call, frame: Frame) -> Value:
        """`ds.jvp`, `ds.hvp` and `ds.vjp`."""
        function = self.function_of(node.args[0], frame)
        rest = [self.expression(argument, frame) for argument in node.args[1:]]
        primals = rest if kind == "vjp" else list(self.several(rest[0]))
        given = self.by_position(function, primals)
        wrt = options(node, len(node.args), frame.source).wrt
        chosen = Options(tuple(range(len(primals))) if wrt is None else wrt, True)
        derived = derivative_of(kind, function, chosen)
        names = self.inputs(derived, given)
        if kind == "vjp":
            pull = derivative_of("pull", function, Options(tuple(names), True))
            kept = {name: self.kept(value) for name, value in given.items()}
            pull = replace(pull, defaults=kept)
            return self.value_of(function, kept), pull
        along = function if kind == "jvp" else derivative_of("grad", function, Options(tuple(names), True))
        value, dots = self.differentiated(
            self.statements(along), given, names, "pushed", self.several(rest[1])
        )
        moved = with_leaves(value, iter(dots))
        return (value, moved) if kind == "jvp" else moved

    def several(self, value: Value) -> tuple[Value, ...]:
        """The parts of a tuple. Raises `UnsupportedError` for anything else."""
        if isinstance(value, tuple):
            return value
        raise self.unsupported(
            "inputs or tangents that are no tuple",
            "there is one for each argument.",
            "write (x,) for a single one.",
        )

    def kept(self, value: Value) -> Value:
        """A value for later: arrays may change until then, so they are copied."""
        return self.whole.materialised(value) if isinstance(value, View | Lazy) else value

    def pull(self, derived: Derived, bars: list[Value]) -> Value:
        """The cotangent of each input."""
        self.unchanged_around(derived)
        names = [str(name) for name in derived.options.wrt or ()]
        _, found = self.differentiated(self.statements(derived.of), derived.defaults, names, "pulled", bars)
        return tuple(found)
