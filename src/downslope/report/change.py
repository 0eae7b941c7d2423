"""The change that a fit makes to the source, as text."""

from downslope.fitting.fit import Fit
from downslope.report.tuned import changed


def diff(fit: Fit) -> str:
    r"""The learnt numbers in the program's source, as a unified diff. Nothing is written.

    Each number is rounded to its standard error. Constants that were not determined, or that no literal
    sets, keep their text.

    >>> import tempfile
    >>> from pathlib import Path
    >>> from downslope.fitting.fit import fit
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder) / "taxi.py"
    ...     _ = file.write_text("def minutes(km, speed=30.0):\n    return 60.0 * km / speed\n")
    ...     table = {"km": [1.0, 2.0, 3.0], "t": [2.5, 5.1, 7.4]}
    ...     print(diff(fit(f"{file}:minutes", table, "t")))
    --- a/taxi.py
    +++ b/taxi.py
    @@ -1,2 +1,2 @@
    -def minutes(km, speed=30.0):
    +def minutes(km, speed=24.07):
         return 60.0 * km / speed
    <BLANKLINE>
    """
    return changed(fit)[1]
