"""One file per problem: the program as it is published, its data, and the same in each library's own style.

Each module has `TITLE`; `primal`, plain Python; `WRT`, the arguments that vary; `SIZES` (and `LARGE`), what
`data` takes; `SMALL`, a size for tests. `jax`, `torch` and `autograd` take the library's array module and give the
objective; `casadi` takes the library and the data and gives symbols and the objective. `MISSING` says why a library
has none. A file `<problem>_hand` has `gradient`: value and derivatives by hand, compiled by Numba. `SHORT` has sizes
for libraries that need minutes; what they take is multiplied by `SCALE`.
"""

NAMES = (
    "gmm",
    "lstm",
    "bundle",
    "hand_simple",
    "hand_tracking",
    "rk4",
    "heat",
    "black_scholes",
    "kalman",
    "particles",
    "kmeans",
    "determinant",
    "log_sum_exp",
)
