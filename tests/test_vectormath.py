"""Vector functions: accuracy, special values, and that LLVM makes SIMD code of them."""

import ctypes
import ctypes.util
import math

import mpmath
import numba
import numpy as np
import pytest
from benchmarks.exact import BINARY, DOMAINS, computed, distance, exact, points
from tools import fit_polynomials

from downslope.native.vector.mathematics import BRANCHING, OWN, VECTOR, mathematics, power

UNARY = sorted(set(DOMAINS) - BINARY)
INF, NAN = math.inf, math.nan
SPECIAL = (
    0.0,
    -0.0,
    INF,
    -INF,
    NAN,
    1.0,
    -1.0,
    5e-324,
    -5e-324,
    2.0**-1022,
    1e-300,
    -1e-20,
    1e308,
    -1e308,
    0.5,
    -2.0,
)
LIBRARY = ctypes.CDLL(ctypes.util.find_library("m"))


def by_c(name, *arguments):
    """The C library's value, which unlike `math` raises nothing."""
    function = getattr(LIBRARY, name)
    function.restype = ctypes.c_double
    function.argtypes = [ctypes.c_double] * len(arguments)
    return function(*arguments)


def by_vector(name, *arguments):
    return float(computed(name, [np.array([a]) for a in arguments])[0])


def same(a, b):
    """The same float64, or both NaN."""
    return (math.isnan(a) and math.isnan(b)) or (a == b and math.copysign(1.0, a) == math.copysign(1.0, b))


@pytest.mark.parametrize("name", DOMAINS)
def test_every_function_is_as_accurate_as_it_promises(name):
    arguments = points(name, 1200, np.random.default_rng(20240101))
    apart = distance(computed(name, arguments), exact(name, arguments))
    worst = int(np.argmax(apart))
    assert apart[worst] <= DOMAINS[name].limit, [float(argument[worst]) for argument in arguments]


@pytest.mark.parametrize("name", DOMAINS)
def test_the_check_of_accuracy_can_fail(name):
    arguments = points(name, 1200, np.random.default_rng(20240101))
    values = computed(name, arguments)
    off = (values.view(np.int64) + DOMAINS[name].limit + 2).view(np.float64)
    assert distance(off, exact(name, arguments)).max() > DOMAINS[name].limit


def test_every_vector_function_is_measured():
    assert set(VECTOR) == set(DOMAINS)


@pytest.mark.parametrize("name", sorted(set(UNARY) - set(OWN)))
@pytest.mark.parametrize("x", SPECIAL)
def test_special_values_are_those_of_the_c_library(name, x):
    ours, theirs = by_vector(name, x), by_c(name, x)
    assert same(ours, theirs) or distance(np.array([ours]), np.array([theirs]))[0] <= 1
    if abs(theirs) in (0.0, 1.0, INF):
        assert same(ours, theirs)


@pytest.mark.parametrize("name", sorted(BINARY - set(OWN)))
def test_special_pairs_are_those_of_the_c_library(name):
    numbers = (*SPECIAL, 2.0, 3.0, -3.0, 2.5, 1e300, 9007199254740993.0)
    for x in numbers:
        for y in numbers:
            ours, theirs = by_vector(name, x, y), by_c(name, x, y)
            assert same(ours, theirs) or distance(np.array([ours]), np.array([theirs]))[0] <= 1, (x, y)


@pytest.mark.parametrize(
    ("name", "x", "y"),
    [
        ("expit", 0.0, 0.5), ("expit", INF, 1.0), ("expit", -INF, 0.0), ("expit", NAN, NAN), ("expit", 800.0, 1.0),
        ("ndtr", 0.0, 0.5), ("ndtr", INF, 1.0), ("ndtr", -INF, 0.0), ("ndtr", NAN, NAN), ("ndtr", -1e300, 0.0),
        ("exp10", INF, INF), ("exp10", -INF, 0.0), ("exp10", NAN, NAN), ("exp10", -0.0, 1.0), ("exp10", 309.0, INF),
    ],
)  # fmt: skip
def test_special_values_of_our_own_functions(name, x, y):
    assert same(by_vector(name, x), y)


@pytest.mark.parametrize("a", [*SPECIAL, 700.0])
@pytest.mark.parametrize("b", [*SPECIAL, 700.0])
def test_special_values_of_logaddexp_are_those_of_numpy(a, b):
    with np.errstate(all="ignore"):
        assert by_vector("logaddexp", a, b) == pytest.approx(
            float(np.logaddexp(a, b)), rel=1e-15, nan_ok=True
        )


def test_exact_powers_are_exact():
    whole = np.arange(-1074.0, 1024.0)
    twos = np.ldexp(1.0, whole.astype(int))
    assert np.array_equal(computed("exp2", [whole]), twos)
    assert np.array_equal(computed("log2", [twos]), whole)
    tens = np.array([10.0**k for k in range(23)])
    assert np.array_equal(computed("exp10", [np.arange(23.0)]), tens)
    assert np.array_equal(computed("log10", [tens]), np.arange(23.0))
    cubes = np.arange(-1000.0, 1000.0)
    assert np.array_equal(computed("cbrt", [cubes**3]), cubes)
    bases, exponents = np.meshgrid(np.arange(-9.0, 10.0), np.arange(17.0))
    powers = computed("pow", [bases.ravel(), exponents.ravel()])
    assert np.array_equal(powers, [b**e for b, e in zip(bases.ravel(), exponents.ravel(), strict=True)])


def test_the_largest_reduction_known_keeps_its_digits():
    x = 6381956970095103.0 * 2.0**797
    assert by_vector("cos", x) == pytest.approx(-4.6871659242546277e-19, rel=1e-15)
    assert by_vector("sin", 1e22) == -0.8522008497671888


@pytest.mark.parametrize("name", sorted(BRANCHING))
def test_lanes_that_need_the_rare_branch_do_not_disturb_others(name):
    usual = np.linspace(-3.0, 3.0, 64)
    mixed = usual.copy()
    mixed[5::13] = [1e22, -1e300, 2.0**31, INF, NAN]
    others = np.isin(mixed, usual)
    values = computed(name, [mixed])
    assert np.array_equal(values[others], computed(name, [usual])[others])
    assert np.isnan(values[~np.isfinite(mixed)]).all()
    finite = np.isfinite(mixed)
    assert distance(values[finite], exact(name, [mixed[finite]])).max() <= 1


@pytest.mark.parametrize("name", DOMAINS)
def test_a_loop_becomes_simd_code(name):
    text = "".join(" a[k]," for _ in range(2 if name in BINARY else 1))
    space = {"f": VECTOR[name], "np": np}
    exec(
        f"def loop(a, out):\n    for i in range(a.size):\n        k = np.uint64(i)\n        out[k] = f({text})",
        space,
    )
    array = numba.float64[::1]
    loop = numba.njit((array, array), error_model="numpy")(space["loop"])
    optimised = loop.overloads[loop.signatures[0]].library.get_llvm_str()
    assert (f" x double> @downslope.{name}.v" if name in BRANCHING else " x double>") in optimised.replace(
        '"', ""
    )


def test_mathematics_has_all_that_math_has():
    assert {name for name in dir(math) if not name.startswith("_")} <= set(dir(mathematics))
    assert mathematics.exp(1.0) == math.e
    assert mathematics.gamma is math.gamma


def test_a_power_of_whole_numbers_stays_whole():
    @numba.njit
    def run(a, b):
        return power(a, b)

    assert run(3, 4) == 81
    assert isinstance(run(3, 4), int)
    assert run(2.0, 3) == 8.0
    assert run(2, -1.0) == 0.5


@pytest.mark.parametrize("fit", fit_polynomials.FITS, ids=lambda fit: fit.name)
def test_polynomials_are_as_near_as_they_say(fit):
    from downslope.native.vector import fits

    said = float(fits_doc(fit.name).rpartition("2**")[2].rstrip('."'))
    coefficients = getattr(fits, fit.name)
    nodes = np.linspace(float(fit.low), float(fit.high), 101)
    with mpmath.workprec(400):
        errors = [
            abs(
                fit.weight(mpmath.mpf(x))
                * (fit_polynomials.horner(coefficients, mpmath.mpf(x)) - fit.function(mpmath.mpf(x)))
            )
            for x in nodes.tolist()
        ]
    assert max(errors) <= 2.0 ** (said + 0.2)


def test_the_tool_makes_the_module_that_is_kept():
    kept = fit_polynomials.TARGET.read_text()
    assert fit_polynomials.same(kept, fit_polynomials.module())
    assert not fit_polynomials.same(kept, kept.replace("0.5,", "0.25,", 1))


def fits_doc(name):
    """The line under a table of the module of polynomials."""
    text = fit_polynomials.TARGET.read_text()
    return text.partition(f"\n{name} = (")[2].partition('"""')[2].partition('"""')[0]
