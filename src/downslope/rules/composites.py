"""Functions of NumPy and SciPy that are programs of ours: no derivative of their own, only a text.

The reader expands `rules.programs` where one is called, as it does with a helper of the user's. So every
mode and every order follows from the rows of the table.
"""

LINEAR_ALGEBRA = (
    "numpy.linalg.solve", "numpy.linalg.inv", "numpy.linalg.det", "numpy.linalg.slogdet", "numpy.linalg.cholesky",
    "numpy.linalg.norm", "numpy.linalg.matrix_power", "numpy.linalg.eigh", "numpy.linalg.eigvalsh", "numpy.linalg.qr",
    "numpy.linalg.svd", "numpy.linalg.svdvals", "numpy.linalg.pinv", "numpy.linalg.lstsq", "numpy.linalg.matrix_rank",
    "numpy.linalg.cond",
)  # fmt: skip
SUMS = ("numpy.einsum", "numpy.kron", "numpy.cross", "numpy.vdot", "numpy.tensordot")
SERIES = (
    "numpy.interp", "numpy.convolve", "numpy.correlate", "numpy.trapezoid", "numpy.polyval", "numpy.vander",
)  # fmt: skip
COMPOSITES = (*LINEAR_ALGEBRA, *SUMS, *SERIES)
"""By the dotted names that users write."""
