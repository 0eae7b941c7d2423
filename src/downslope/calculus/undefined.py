"""Points where a program has a value but no derivative, because of a matrix factor: an error with its place."""

from collections.abc import Iterable
from typing import Any

from downslope.errors import Loc, ProgramError
from downslope.ir.calls import bodies
from downslope.ir.nodes import Call, Function, walk

WHY = {
    "eigh": "where two eigenvalues are equal, their eigenvectors can be turned within their plane.",
    "svd": "where two singular values are equal, or one is 0, their vectors can be turned within their plane.",
    "eigvalsh": "where two eigenvalues are equal, second derivatives need the slope of their eigenvectors: there is none.",
    "svdvals": "where two singular values are equal, or one is 0, this derivative needs the slope of their vectors.",
    "slogdet": "the matrix is singular, and the logarithm of its determinant is -inf.",
    "qr": "the columns are not independent, so the factors jump.",
}
FIX = {
    "eigh": "use the eigenvalues alone (eigvalsh), or a point where they differ.",
    "svd": "use the singular values alone (svdvals), or a point where they differ.",
    "eigvalsh": "use first derivatives, a point where they differ, or traces of powers of the matrix.",
    "svdvals": "use first derivatives, a point where they differ, or traces of powers of the matrix.",
}


def undefined(form: Function, value: Any, results: Iterable[Any]) -> None:
    """Raise `ProgramError` if a derivative is NaN where the program's own value is not, and a factor explains it.

    `form` is the program, `value` what it returns, and `results` are values and derivatives.
    """
    if not any(map(_has_nan, results)) or _has_nan(value):
        return
    for body in bodies(form):
        for stmt in walk(body.body):
            if isinstance(stmt, Call) and stmt.callee.name in WHY:
                raise no_derivative(form, stmt.callee.name, stmt.loc)


def singular(form: Function, error: Exception) -> None:
    """Raise `ProgramError` for an error of a derivative, or of a program of ours, that the user's does not raise."""
    if type(error).__name__ == "LinAlgError":
        raise no_derivative(form) from error
    if isinstance(error, FloatingPointError):
        raise ProgramError(
            f"{form.name} cannot be differentiated here",
            loc=form.loc,
            why="an integration took steps that are too small, or a root lies where the slope is 0 or not defined.",
            fix="choose another point, or larger tolerances.",
        ) from error


def no_derivative(form: Function, name: str = "", loc: Loc | None = None) -> ProgramError:
    """The error where a program has a value and no derivative."""
    what = f"numpy.linalg.{name}" if name else form.name
    return ProgramError(
        f"{what} has no derivative here",
        loc=loc or form.loc,
        why=WHY.get(name, "a matrix that its derivative divides by is singular."),
        fix=FIX.get(name, "choose another point."),
    )


def _has_nan(value: Any) -> bool:
    if isinstance(value, tuple):
        return any(map(_has_nan, value))
    differs = value != value  # as NaN does from itself
    return bool(differs.any() if hasattr(differs, "any") else differs)
