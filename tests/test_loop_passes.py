"""What is done to loops before and after differentiation: checks and loads outside, counters, plain products, sums."""

import ast
import math

import numpy as np
import pytest

import downslope as ds
from downslope.calculus.makes import reversed_once
from downslope.calculus.program import kind_of, params_of, program
from downslope.calculus.shaped import Transformed
from downslope.errors import ProgramError
from downslope.ir.nodes import Fail, For, Let, Like, Lit, New, Push, Store, While, walk
from downslope.modes.snapshots import WHOLE_TAPE
from downslope.native.vector import search
from downslope.native.vector.loops import with_vector_loops
from downslope.passes import counters, filled, hoist, narrow, plain, selected, signs, unroll

A = np.array([0.5, -1.0, 2.0, 3.0])


def around(a):
    total = 0.0
    for i in range(len(a)):
        total += a[i] * a[i - 1]  # the first one is with the last
    return total


def shifted(a, k):
    total = 0.0
    for i in range(len(a) - 1):
        total += a[i + k] * a[i]
    return total


def packed(a):
    at = 0
    total = 0.0
    for i in range(3):
        for j in range(i + 1, 3):
            total += a[at] * a[at] * (i + j)
            at += 1
    return total * a[at]


def repeated(a, n):
    total = 0.0
    for i in range(len(a)):
        for j in range(n):
            total += a[i] * math.sin(a[j])
    return total


def guarded_root(a):
    return np.sum(np.where(a > 0.0, np.sqrt(a), 0.0))


def form_of(f, *args):
    read, _ = program(f, None)
    kinds = tuple(map(kind_of, args))
    form = read.form(kinds)
    return form, dict(zip((p.name for p in form.params), kinds, strict=True))


def loops_with_checks(function):
    loops = [s for s in walk(function.body) if isinstance(s, For | While)]
    return [loop for loop in loops if any(isinstance(s, Fail) for s in walk(loop.body))]


def test_checks_of_indices_leave_their_loop():
    form, given = form_of(shifted, A, 1)
    assert loops_with_checks(form)
    assert not loops_with_checks(hoist.hoisted(counters.counted(signs.unsigned(form), given)))


@pytest.mark.parametrize("engine", ["python", "native"])
@pytest.mark.parametrize(("f", "args"), [(around, ()), (shifted, (1,)), (packed, ()), (repeated, (2,))])
def test_the_gradient_stays_that_of_the_program(f, args, engine):
    slopes = ds.grad(f, engine=engine)(A, *args)
    steps = 1e-6 * np.eye(len(A))
    expected = [(f(A + s, *args) - f(A - s, *args)) / 2e-6 for s in steps]
    assert slopes == pytest.approx(expected, rel=1e-7, abs=1e-9)


@pytest.mark.parametrize("engine", ["python", "native"])
@pytest.mark.parametrize(("k", "fits"), [(1, True), (2, False), (-3, True), (-5, False), (-4, True)])
def test_an_index_is_refused_at_either_end(k, fits, engine):
    slope = ds.grad(shifted, engine=engine)
    if fits:
        assert np.isfinite(slope(A, k)).all()
        return
    with pytest.raises(ProgramError, match="IndexError"):
        slope(A, k)


@pytest.mark.parametrize("engine", ["python", "native"])
def test_a_loop_without_a_pass_checks_nothing_and_loads_nothing(engine):
    assert ds.grad(repeated, engine=engine)(A, 0).tolist() == [0.0] * 4
    assert ds.grad(shifted, engine=engine)(A[:1], 100).tolist() == [0.0]
    with pytest.raises(ProgramError, match="IndexError"):
        ds.grad(repeated, engine=engine)(A, 5)


def test_a_counter_is_not_carried():
    form, given = form_of(packed, A)
    inner = [s for s in walk(counters.counted(form, given).body) if isinstance(s, For)][-1]
    assert len(inner.carried) == 1  # the sum
    assert len([s for s in walk(form.body) if isinstance(s, For)][-1].carried) == 2


@pytest.mark.parametrize("engine", ["python", "native"])
def test_a_zero_wins_over_an_infinite_partial(engine):
    at = np.array([4.0, 0.0, -0.0, 1.0])
    assert ds.grad(guarded_root, engine=engine)(at).tolist() == [0.25, 0.0, 0.0, 0.5]


def test_the_careful_program_is_made_only_where_it_is_needed():
    read, names = program(guarded_root, None)
    run = Transformed(read, names, reversed_once, "python")
    run([np.ones(2)])
    ((quick, careful),) = run._runs.values()
    assert quick.made
    assert not careful.made
    run([np.zeros(2)])
    assert careful.made


def test_plain_products_have_no_test():
    read, _ = program(guarded_root, None)
    made = reversed_once(read.form((kind_of(A),)), ["a"], WHOLE_TAPE)
    assert plain.careful(made)
    ops = {s.op for s in walk(plain.plain(made).body) if isinstance(s, Let)}
    assert "mul0" not in ops


def loop(body):
    return "def f(a, n):\n    t = 0.0\n    for k in range(n):\n" + "".join(f"        {x}\n" for x in body)


@pytest.mark.parametrize(
    ("body", "simd"),
    [
        (["t = t + math.exp(a[k])"], True),
        (["x = math.exp(a[k])", "t = t - x"], True),
        (["t = muladd(a[k], math.exp(a[k]), t)"], True),
        (["t = math.exp(t)"], False),
        (["t = t + math.exp(t)"], False),
        (["t = t + math.exp(a[k])", "a[k] = t"], False),
        (["if a[k] > 0:", "    t = t + math.exp(a[k])"], False),
        (["x = t", "t = t + math.exp(x)"], False),
    ],
)
def test_which_loops_are_taken_for_simd_code(body, simd):
    _, names = with_vector_loops(loop(body))
    assert ("_v_exp" in names) == simd


def test_native_sums_are_within_the_bound_of_any_order():
    def total(a):
        s = 0.0
        for i in range(len(a)):
            s += a[i] * 1.0
        return s

    a = np.random.default_rng(7).normal(size=10_001)
    found = ds.value_and_grad(total)(a)[0]
    exact = math.fsum(a)
    assert abs(found - exact) <= len(a) * 2.0**-53 * np.sum(np.abs(a))
    assert found == pytest.approx(exact, rel=1e-12)


def short(a):
    total = 1.0
    for i in range(2):
        for j in range(-1, 3, 2):
            total *= a[i] / a[j]
    return total


def test_short_loops_are_gone():
    form, _ = form_of(short, A)
    assert not [s for s in walk(unroll.unrolled(signs.unsigned(form)).body) if isinstance(s, For)]


@pytest.mark.parametrize("engine", ["python", "native"])
def test_an_unrolled_loop_is_the_same_program(engine):
    slopes = ds.grad(short, engine=engine)(A)
    steps = 1e-6 * np.eye(len(A))
    assert slopes == pytest.approx([(short(A + s) - short(A - s)) / 2e-6 for s in steps], rel=1e-7, abs=1e-9)
    with pytest.raises(ProgramError, match="ZeroDivisionError"):
        ds.grad(lambda a: sum_of_inverses(a), engine=engine)(np.array([1.0, 0.0]))


def sum_of_inverses(a):
    total = 0.0
    for i in range(2):
        total += min(1.0 / float(a[i]), 1.0)
    return total


def nearest(a, b):
    total = 0.0
    for i in range(len(b)):
        best = 1e9
        for j in range(len(a)):
            away = 0.0
            for k in range(3):
                away += (a[j] - b[i] * k) ** 2
            if away < best:
                best = away
        total += best
    return total


def largest(a, b):
    low = b[0]
    for x in b:
        low = min(low, x * a[1])
    return np.max(a) * a[0] + low + np.min(a * a)


def largest_or_nan(a):
    return np.maximum(np.max(a), 1.0) + np.max(a)


@pytest.mark.parametrize("engine", ["python", "native"])
@pytest.mark.parametrize("f", [nearest, largest])
def test_what_a_loop_selects_has_the_slope_of_its_pass(f, engine):
    b = np.array([0.3, -0.7, 1.9])
    slopes = ds.grad(f, engine=engine)(A, b)
    steps = 1e-6 * np.eye(len(A))
    assert slopes == pytest.approx([(f(A + s, b) - f(A - s, b)) / 2e-6 for s in steps], rel=1e-7, abs=1e-8)
    assert ds.value_and_grad(f, engine=engine)(A, b)[0] == pytest.approx(f(A, b), rel=1e-15)


def test_a_selection_keeps_its_pass_and_no_tape():
    form, _ = form_of(nearest, A, A)
    made = reversed_once(selected.selected(form), ["a"], WHOLE_TAPE)
    taped = [s.values for s in walk(made.body) if isinstance(s, Push)]
    assert len(taped) == 1  # which pass, for each row
    assert len(taped[0]) == 2


@pytest.mark.parametrize("engine", ["python", "native"])
def test_the_first_of_equals_and_nan_are_selected_as_before(engine):
    slope = ds.grad(largest_or_nan, engine=engine)
    assert slope(np.array([2.0, 3.0, 3.0])).tolist() == [0.0, 2.0, 0.0]
    assert math.isnan(ds.value_and_grad(largest_or_nan, engine=engine)(np.array([2.0, np.nan, 3.0]))[0])
    assert slope(np.array([-np.inf, -np.inf])).tolist() == [1.0, 0.0]


def stencil(a, k):
    for _ in range(3):
        for i in range(1, len(a) - 1):
            a[i] += k * (a[i - 1] - 2.0 * a[i] + a[i + 1])
    return np.sum(a * a)


def test_one_number_is_kept_for_a_combination_of_three():
    form, _ = form_of(stencil, A, 0.1)
    made = reversed_once(form, params_of(form, ("a", "k")), WHOLE_TAPE)
    wide, slim = (
        [s.values for s in walk(f.body) if isinstance(s, Push)] for f in (made, narrow.narrowed(made))
    )
    assert [len(values) for values in wide] == [3]
    assert [len(values) for values in slim] == [1]


@pytest.mark.parametrize("engine", ["python", "native"])
def test_the_combination_is_the_right_one(engine):
    slopes, slope = ds.grad(stencil, ("a", "k"), engine=engine)(A, 0.1)
    moved = [stencil(A.copy(), 0.1 + s) for s in (1e-6, -1e-6)]
    assert slope == pytest.approx((moved[0] - moved[1]) / 2e-6, rel=1e-8)
    assert slopes == pytest.approx(ds.jacobian(stencil)(A, 0.1), rel=1e-12)


def first_largest(a, c):
    best = a[0] * c
    for i in range(1, len(a)):
        if a[i] * c > best:
            best = a[i] * c
    return best * math.sin(best)


def first_smallest(a, c):
    return np.min(a * c) * a[np.argmax(a)]


SEARCHED = {
    "first block": [3, 9, 0],
    "later blocks": [700, 1300, 1301, 2047],
    "equals": [5, 600, 1500],
    "NaN": [0, 1200],
}


@pytest.mark.parametrize("where", SEARCHED)
@pytest.mark.parametrize("size", [1, 512, 513, 2048])
@pytest.mark.parametrize("f", [first_largest, first_smallest])
def test_a_search_in_blocks_finds_the_pass_that_the_loop_finds(f, size, where):
    a = np.random.default_rng(size).normal(size=size)
    for rank, place in enumerate(p for p in SEARCHED[where] if p < size):
        a[place] = math.nan if where == "NaN" else 9.0 if where == "equals" else 9.0 + rank
        a[(place + size // 2) % size] = -a[place]
    found, expected = (ds.grad(f, ["a", "c"], engine=engine)(a, 1.5) for engine in ("native", "python"))
    assert found[0] == pytest.approx(expected[0], rel=1e-14, nan_ok=True)
    assert found[1] == pytest.approx(expected[1], rel=1e-14, nan_ok=True)


def searched(body):
    return ast.unparse(search.with_blocks_searched(ast.parse(loop(body)))).count("for ") == 3


CHOOSES = ["x = a[k]", "b = x > t", "t = x if b else t"]


@pytest.mark.parametrize(
    ("body", "yes"),
    [
        (CHOOSES, True),
        ([*CHOOSES, "f = f | (0 if math.isfinite(x) else 1)"], True),
        (["x = a[k]", "if x > t:", "    y = x", "else:", "    y = t", "t = y"], True),
        (["x = a[k]", "b = not t >= x and t == t", "t = maximum(t, x)"], True),
        (["x = a[k]", "b = x > t", "t = maximum(t, x)"], False),  # NaN is lost where it is not asked for
        ([*CHOOSES, "s = s + x"], False),
        ([*CHOOSES, "a[k] = 0.0"], False),
        (["x = a[k]", "if x > t:", "    t = x", "    break"], False),
        (["x = a[k]", "if x > t:", "    t = x", "else:", "    a[k] = 0.0"], False),
        (
            ["x = math.exp(a[k])", "b = x > t", "t = x if b else t"],
            False,
        ),  # SIMD code may give another last bit
        (["x = a[k] + t", "b = x > t", "t = x if b else t"], False),
        ([*CHOOSES, "n = 5 if b else n"], False),
    ],
)
def test_which_loops_are_searched_in_blocks(body, yes):
    assert searched(body) == yes


def all_of_it(a):
    total = 0.0
    for i in range(len(a)):
        total += a[i] * a[i]
    return total


def all_but_one(a):
    total = 0.0
    for i in range(1, len(a)):
        total += a[i] * a[i]
    return total


def twice_a_pass(a):
    total = 0.0
    for i in range(len(a)):
        total += a[i] * a[len(a) - 1 - i]
    return total


def up_to(a, n):
    total = 0.0
    for i in range(n):
        total += a[i] * a[i]
    return total


def in_some_passes(a):
    total = 0.0
    for i in range(len(a)):
        if i % 2 == 0:
            total += a[i] * a[i]
    return total


def through_a_temporary(a):
    b = np.empty(len(a))
    for i in range(len(a)):
        b[i] = a[i] * a[i]
    return np.sum(np.sin(b) * a)


@pytest.mark.parametrize(
    ("f", "args", "zeros"),
    [
        (all_of_it, (), 0),
        (through_a_temporary, (), 0),
        (all_but_one, (), 1),
        (twice_a_pass, (), 1),
        (up_to, (2,), 1),
        (in_some_passes, (), 1),
    ],
)
def test_zeros_are_made_only_where_a_loop_leaves_some(f, args, zeros):
    form, _ = form_of(f, A, *args)
    made = reversed_once(form, ["a"], WHOLE_TAPE)
    left = filled.filled(made)
    assert sum(map(is_zeros, walk(left.body))) == zeros
    assert sum(map(is_zeros, walk(made.body))) > 0
    steps = 1e-6 * np.eye(len(A))
    expected = [(f(A + s, *args) - f(A - s, *args)) / 2e-6 for s in steps]
    for engine in ("python", "native"):
        assert ds.grad(f, engine=engine)(A, *args) == pytest.approx(expected, rel=1e-7, abs=1e-9)


def is_zeros(stmt):
    return isinstance(stmt, Like) or (isinstance(stmt, New) and stmt.fill == Lit(0.0))


def test_a_loop_without_a_pass_leaves_an_empty_array():
    assert ds.grad(all_of_it)(np.empty(0)).shape == (0,)


def test_a_sum_of_negative_zero_stays_zero():
    slope = ds.grad(lambda a: np.sum(a * -0.0))(A)
    assert not np.signbit(slope).any()


def test_a_zero_that_nothing_reads_is_not_stored():
    form, _ = form_of(through_a_temporary, A)
    made = reversed_once(form, ["a"], WHOLE_TAPE)
    zeroed = [
        sum(isinstance(s, Store) and s.value == Lit(0.0) for s in walk(f.body))
        for f in (made, filled.filled(made))
    ]
    assert zeroed[0] > zeroed[1] == 0
