"""`numpy.linalg` and others on arrays of dual numbers, which NumPy's own compiled code cannot take.

They are written apart from the programs that the reader expands, by other methods where there are some
(a determinant by minors), so that the modes are really compared. They are for small arrays.
"""

import sys
from collections.abc import Callable
from itertools import product
from typing import Any

Function = Callable[..., Any]
Apply = Callable[[str, tuple[Any, ...]], Any]


def linear_algebra(apply: Apply) -> list[tuple[Any, Function]]:
    """Functions of NumPy, and what stands for each; none before NumPy is loaded."""
    np = sys.modules.get("numpy")
    if np is None:
        return []
    own = _Own(np, apply)
    names = (
        "solve", "inv", "det", "slogdet", "cholesky", "norm", "matrix_power", "eigh", "eigvalsh", "svd", "svdvals",
        "qr", "pinv", "lstsq", "cond",
    )  # fmt: skip
    pairs = [(getattr(np.linalg, name), getattr(own, name)) for name in names]
    return [*pairs, (np.interp, own.interp), (np.polyval, own.polyval), (np.trapezoid, own.trapezoid)]


class _Own:
    """Each function for arrays of objects; `apply` is one row of the table on numbers of any kind."""

    def __init__(self, np: Any, apply: Apply) -> None:
        from downslope.modes.object_factors import Factors  # it loads NumPy

        self.np, self.apply, self.factors = np, apply, Factors(apply)

    def stacked(self, run: Function, core: tuple[int, ...], *arrays: Any) -> Any:
        """`run` on each member of stacks of arrays whose last axes, so many, are a member's."""
        np = self.np
        given = [np.asarray(a, dtype=object) for a in arrays]
        heads = [a.shape[: a.ndim - k] for a, k in zip(given, core, strict=True)]
        head = np.broadcast_shapes(*heads)
        if not head:
            return run(*given)
        full = [np.broadcast_to(a, head + a.shape[len(h) :]) for a, h in zip(given, heads, strict=True)]
        found = [run(*(a[index] for a in full)) for index in product(*map(range, head))]
        if isinstance(found[0], tuple):
            return tuple(self.joined(head, [one[k] for one in found]) for k in range(len(found[0])))
        return self.joined(head, found)

    def joined(self, head: tuple[int, ...], parts: list[Any]) -> Any:
        np = self.np
        shape = np.shape(parts[0]) if isinstance(parts[0], np.ndarray) else ()
        out = np.empty((len(parts), *shape), object)
        for k, part in enumerate(parts):
            out[k] = part
        return out.reshape(head + shape)

    def solve(self, a: Any, b: Any) -> Any:
        """Gauss and Jordan: every other row is cleared."""
        vector = self.np.ndim(b) == 1

        def run(m: Any, right: Any) -> Any:
            n = len(m)
            full = self.np.concatenate([m, right[:, None] if vector else right], axis=1).astype(object)
            for k in range(n):
                pivot = max(range(k, n), key=lambda i: abs(full[i, k]))
                full[[k, pivot]] = full[[pivot, k]]
                if full[k, k] == 0:
                    raise self.np.linalg.LinAlgError("Singular matrix")
                full[k] = full[k] / full[k, k]
                for i in range(n):
                    if i != k:
                        full[i] = full[i] - full[i, k] * full[k]
            return full[:, n] if vector else full[:, n:]

        return self.stacked(run, (2, 1 if vector else 2), a, b)

    def inv(self, a: Any) -> Any:
        return self.solve(a, self.np.eye(self.np.shape(a)[-1]))

    def det(self, a: Any) -> Any:
        return self.stacked(self.minors, (2,), a)

    def minors(self, m: Any) -> Any:
        """The determinant by its first row."""
        if not len(m):
            return 1.0
        total: Any = 0.0
        for j in range(len(m)):
            rest = self.np.delete(m[1:], j, axis=1)
            total = total + (-1.0) ** j * m[0, j] * self.minors(rest)
        return total

    def slogdet(self, a: Any) -> Any:
        def run(m: Any) -> Any:
            value = self.minors(m)
            if value == 0:
                return 0.0, -self.np.inf
            return (1.0 if value > 0 else -1.0), self.apply("log", (abs(value),))

        return self.stacked(run, (2,), a)

    def cholesky(self, a: Any) -> Any:
        """Row by row."""

        def run(m: Any) -> Any:
            n = len(m)
            lower = self.np.zeros((n, n)).astype(object)
            for i in range(n):
                for j in range(i + 1):
                    rest = m[i, j] - sum((lower[i, k] * lower[j, k] for k in range(j)), 0.0)
                    if i == j and not rest > 0:
                        raise self.np.linalg.LinAlgError("Matrix is not positive definite")
                    lower[i, j] = self.apply("sqrt", (rest,)) if i == j else rest / lower[j, j]
            return lower

        return self.stacked(run, (2,), a)

    def matrix_power(self, a: Any, n: int) -> Any:
        base = self.inv(a) if n < 0 else a
        out = self.np.eye(len(a)).astype(object)
        for _ in range(abs(n)):
            out = out @ base
        return out

    def eigh(self, a: Any) -> Any:
        return self.stacked(self.factors.eigh, (2,), a)

    def eigvalsh(self, a: Any) -> Any:
        return self.eigh(a)[0]

    def qr(self, a: Any, mode: str = "reduced") -> Any:
        both = self.stacked(self.factors.qr, (2,), a)
        return both[1] if mode == "r" else both

    def svd(self, a: Any, full_matrices: bool = True, compute_uv: bool = True) -> Any:
        del full_matrices  # the reader takes square matrices only, or reduced vectors
        return self.stacked(self.factors.svd, (2,), a) if compute_uv else self.svdvals(a)

    def svdvals(self, a: Any) -> Any:
        return self.stacked(self.factors.svd, (2,), a)[1]

    def cond(self, a: Any) -> Any:
        values = self.svdvals(a)
        return values[0] / values[-1]

    def pinv(self, a: Any, rcond: Any = None) -> Any:
        """By the normal equations: the matrix has full rank."""
        del rcond

        def run(m: Any) -> Any:
            if m.shape[0] < m.shape[1]:
                return self.solve(m @ m.T, m).T
            return self.solve(m.T @ m, m.T)

        return self.stacked(run, (2,), a)

    def lstsq(self, a: Any, b: Any, rcond: Any = None) -> Any:
        """As `pinv`; the residuals as NumPy returns them."""
        del rcond
        x = self.pinv(a) @ b
        rest = self.np.atleast_2d((b - a @ x).T)
        tall = a.shape[0] > a.shape[1]
        squares = [row @ row for row in rest] if tall else []
        return x, self.np.array(squares, object), min(a.shape), self.svdvals(a)

    def norm(
        self,
        x: Any,
        ord: Any = None,  # noqa: A002  # as NumPy calls it
        axis: Any = None,
        keepdims: bool = False,
    ) -> Any:
        np = self.np
        x = np.asarray(x, dtype=object)
        if axis is None:
            axis = tuple(range(x.ndim))
        axes = tuple(a % x.ndim for a in (axis if isinstance(axis, tuple) else (axis,)))
        moved = np.moveaxis(x, axes, range(x.ndim - len(axes), x.ndim))
        found = self.stacked(lambda m: self.one_norm(m, ord), (len(axes),), moved)
        return np.expand_dims(found, axes) if keepdims else found

    def one_norm(self, m: Any, kind: Any) -> Any:
        size = self.np.frompyfunc(abs, 1, 1)(m)
        inf = self.np.inf
        if m.ndim != 1 and kind in (1, -1, inf, -inf):
            totals = size.sum(axis=0 if kind in (1, -1) else 1)
            return max(totals) if kind > 0 else min(totals)
        if m.ndim == 2 and kind in (2, -2, "nuc"):
            values = self.svdvals(m)
            return sum(values) if kind == "nuc" else values[0 if kind == 2 else -1]
        if kind in (None, "fro", 2):
            return self.apply("sqrt", (sum((x * x for x in m.ravel()), 0.0),))
        if kind in (inf, -inf):
            return max(size) if kind > 0 else min(size)
        if kind == 0:
            return float(sum(x != 0 for x in m))
        if kind == 1:
            return sum(size, 0.0)
        return sum((x**kind for x in size), 0.0) ** (1.0 / kind)

    def interp(self, x: Any, xp: Any, fp: Any, left: Any = None, right: Any = None) -> Any:
        def run(at: Any) -> Any:
            if at < xp[0]:
                return fp[0] if left is None else left
            if at > xp[-1]:
                return fp[-1] if right is None else right
            if len(xp) == 1:
                return fp[0]
            k = max(i for i in range(len(xp) - 1) if xp[i] <= at)
            weight = (at - xp[k]) / (xp[k + 1] - xp[k])
            return fp[k] * (1.0 - weight) + fp[k + 1] * weight

        if not isinstance(x, self.np.ndarray):
            return run(x)
        return self.np.frompyfunc(run, 1, 1)(x)

    def polyval(self, p: Any, x: Any) -> Any:
        powers = range(len(p) - 1, -1, -1)
        return sum((c * (x**k if k else x * 0.0 + 1.0) for c, k in zip(p, powers, strict=True)), x * 0.0)

    def trapezoid(self, y: Any, x: Any = None, dx: Any = 1.0, axis: int = -1) -> Any:
        moved = self.np.moveaxis(self.np.asarray(y, dtype=object), axis, -1)
        widths = dx if x is None else x[1:] - x[:-1]
        return ((moved[..., 1:] + moved[..., :-1]) * widths * 0.5).sum(axis=-1)
