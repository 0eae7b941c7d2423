"""Functions whose derivative is given, and stopped ones."""

# mypy: disable-error-code="no-any-return"

import math

import downslope as ds
from zoo.registry import specimen

CALLED = "a function whose derivative is given is called, not written out"
STOPPED = "differences see what a stopped derivative does not"


def softplus_vjp(x: float, y: float, y_bar: float) -> float:  # it is given the result as well
    return y_bar / (1.0 + math.exp(-x))


@ds.custom_derivative(vjp=softplus_vjp)
def softplus(x: float) -> float:
    return math.log1p(math.exp(x))


def product_jvp(a: float, b: float, y: float, a_dot: float, b_dot: float) -> float:  # as above
    return a_dot * b + a * b_dot


@ds.custom_derivative(jvp=product_jvp)
def product(a: float, b: float) -> float:
    return a * b


@specimen(0.6, formal=CALLED)
def given_by_vjp_and_by_jvp_in_a_loop(x: float) -> float:
    s = x
    for k in range(3):
        s = softplus(s) * x + product(s, x + k)
    return s


@specimen(0.6, 0.4, formal=CALLED)
def given_in_a_branch(x: float, y: float) -> float:
    if x > y:
        return product(softplus(y), x)
    return x


@specimen(0.6, 0.4, formal=CALLED, numeric=STOPPED)
def stopped_number(x: float, y: float) -> float:
    return x * ds.stop_gradient(x * y) + ds.stop_gradient(x) * y
