"""What `fit.plot` draws: one picture for each of its methods."""

from collections.abc import Sequence

from matplotlib.figure import Figure

from downslope.errors import UsageError, close_to
from downslope.fitting.fit import Fit
from downslope.report import pictures
from downslope.report.profiles import wanted


def residuals(fit: Fit, column: str | None = None) -> Figure:
    """Draw predicted minus observed, of the held-out rows where there are some, else of those learnt from.

    Against the prediction, with its spread before and after; or against the input `column`, with its mean
    in stretches of equally many rows. Raises `UsageError` where that is no input.

    >>> from downslope.fitting.fit import fit
    >>> def duration(km, speed=30.0):
    ...     return 60.0 * km / speed
    >>> done = fit(duration, {"km": [1.0, 2.0], "minutes": [3.1, 6.0]}, "minutes")
    >>> residuals(done, "km").axes[0].get_ylabel()
    'residual: predicted - observed'
    """
    if column is None:
        return pictures.residuals(fit)
    known = pictures.columns_of(fit)
    if column not in known:
        raise UsageError(
            f"{column!r} is no input of the fit",
            why=f"inputs with a column of numbers are {', '.join(known) or 'none'}.",
            fix=close_to(column, known, "name one of them.", quoted=True),
        )
    return pictures.by_columns(fit, [column])


def history(fit: Fit) -> Figure:
    """Draw the cost at each iteration of the solver."""
    return pictures.history(fit)


def correlation(fit: Fit) -> Figure:
    """Draw the correlations of the learnt values; "?" where the data determine none."""
    return pictures.correlation(fit)


def profile(fit: Fit, names: Sequence[str] | None = None, level: float = 0.95) -> Figure:
    """Draw the least cost with one constant held, for each of `names`, with its interval at `level`.

    Each point is a fit. Raises what `fit.intervals(method="profile")` raises.

    >>> from downslope.fitting.fit import fit
    >>> def duration(km, speed=30.0):
    ...     return 60.0 * km / speed
    >>> done = fit(duration, {"km": [1.0, 2.0, 3.0], "minutes": [3.1, 6.0, 8.7]}, "minutes")
    >>> profile(done, ["speed"]).axes[0].get_xlabel()
    'speed'
    """
    return pictures.profiles(fit, wanted(fit, names, level))
