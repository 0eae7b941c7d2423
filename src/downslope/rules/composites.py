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
FUNCTIONS = (
    "scipy.integrate.solve_ivp", "scipy.optimize.brentq", "scipy.optimize.newton", "scipy.optimize.root_scalar",
)  # fmt: skip
"""Those that take a function of the program's."""
REFUSED = (
    "scipy.integrate.odeint", "scipy.integrate.quad", "scipy.optimize.root", "scipy.optimize.fsolve",
    "scipy.optimize.minimize", "scipy.optimize.bisect", "scipy.optimize.ridder", "scipy.optimize.toms748",
    "scipy.optimize.brenth",
)  # fmt: skip
"""Those that are refused with a reason of their own."""
SPLINES = (
    "scipy.interpolate.CubicSpline", "scipy.interpolate.make_interp_spline", "scipy.interpolate.interp1d",
)  # fmt: skip
INNER = ("downslope.rules.programs.holding.held", "downslope.rules.programs.splines.evaluated")
"""Those that only programs of ours call."""
COMPOSITES = (*LINEAR_ALGEBRA, *SUMS, *SERIES, *FUNCTIONS, *SPLINES, *REFUSED, *INNER)
"""By the dotted names that users write."""
