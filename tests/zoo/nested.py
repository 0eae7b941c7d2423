"""Programs that take derivatives themselves, of functions that close over what varies outside."""

# Programs are written as users write them; a type checker objects to some of that.
# mypy: ignore-errors

import math

import downslope as ds
from downslope import derivative, grad
from zoo.registry import ARRAYS, LENGTH, TRIPS, specimen


def quartic(z):
    return z**4 + math.sin(z)


slope = ds.grad(quartic)
both_slopes = ds.value_and_grad(lambda u, v: u * u * v, ("v", "u"))


@specimen(0.7)
def perturbations_of_a_product(x):
    return x * ds.grad(lambda y: x + y)(1.0)


@specimen(0.7, 1.3)
def three_levels_that_share_a_variable(x, w):
    def outer(y):
        def inner(z):
            return x * y * z * z + w * z

        return y * x * grad(inner)(y * w)

    return x * w * grad(outer)(x)


@specimen(0.7)
def an_inner_argument_called_like_the_outer(x):
    return x * ds.grad(lambda x: x * x * x)(x + 1.0) + ds.grad(lambda y: y * x)(x)


@specimen(0.7)
def the_same_function_at_two_depths(x):
    def f(y):
        return y * y * x

    def g(y):
        return y * grad(f)(y)

    return grad(g)(x) + grad(f)(x * x)


@specimen(0.7)
def from_outside_the_program(x):
    value, (first, second) = both_slopes(x, 2.0)
    return slope(x) * x + grad(quartic)(x * x) + value * first + second


@specimen(0.4)
def of_functions_from_the_table(x):
    return grad(math.sin)(x) * grad(math.atan2, "b")(x, 2.0)


@specimen(2.7, formal=LENGTH)
def newton_with_its_own_derivative(a):
    def residual(x):
        return x**3 - a * x - 1.0

    x = 1.5
    for _ in range(12):
        value, change = ds.value_and_grad(residual)(x)
        if abs(change) < 1e-9:
            break
        x = x - value / change
    return x


@specimen(0.6, 0.2, formal=LENGTH)
def leapfrog_from_a_hamiltonian(q, p):
    def energy(q, p):
        return 0.5 * p * p + 0.25 * q**4 - 0.5 * q * q * math.cos(q)

    force = ds.grad(energy, 0)
    for _ in range(4):
        p = p - 0.05 * force(q, p)
        q = q + 0.1 * ds.grad(energy, "p")(q, p)
        p = p - 0.05 * force(q, p)
    return q * p + q


@specimen(0.6, 0.3)
def acceleration_from_a_lagrangian(q, length):
    def lagrangian(q, v):
        return 0.5 * (length * v) ** 2 * (1.0 + 0.1 * q * q) + 9.81 * length * math.cos(q)

    v = 0.5
    momentum = ds.grad(lagrangian, "v")
    return (ds.grad(lagrangian, "q")(q, v) - ds.grad(momentum, "q")(q, v) * v) / grad(momentum, "v")(q, v)


@specimen(0.3, 0.8, 1.1)
def residual_of_a_differential_equation(x, w, k):
    def u(x):
        return math.tanh(w * x + 0.1) + k * math.sin(w * x)

    u_xx = derivative(derivative(u, mode="reverse"), mode="forward")
    return (u_xx(x) + k * u(x) * derivative(u)(x)) ** 2


@specimen(0.8, formal=TRIPS)
def a_derivative_decides(x):
    def bowl(y):
        return (y - x) ** 4 + x * y

    y, passes = 2.0, 0
    while abs(grad(bowl)(y)) > 0.9 and passes < 30:
        y -= 0.05 * grad(bowl)(y) / (1.0 + y * y)
        passes += 1
    return grad(bowl)(y) * x if y > 0.5 else derivative(bowl, mode="reverse")(y)


@specimen(0.7, 4, formal=TRIPS)
def inner_loops_in_reverse_mode(x, n):
    def walk(y):
        s = y
        for i in range(n):
            if s > 2.0:
                break
            for _ in range(i):
                s = s + math.sin(s * x) * 0.2
        while s > 0.5:
            s = s * 0.6 - 0.05 * x
        return s * y

    total = 0.0
    for k in range(3):
        total = total * x + derivative(walk, mode="reverse")(x + 0.1 * k)
    return total


@specimen(0.7, formal=ARRAYS)
def reverse_in_reverse_in_reverse(x):
    def f(y):
        s = x
        for i in range(3):
            s = s * y + math.cos(s) * (i + x)
        return s

    def g(y):
        return derivative(f, mode="reverse")(y) * y

    return derivative(g, mode="reverse")(x) * x


@specimen(0.7, 0.4)
def products_inside(x, w):
    def pair(a, b):
        return a * b * w, math.sin(a) * x

    (p, q), (p_dot, q_dot) = ds.jvp(pair, (x, w), (1.0, x))
    y, pull = ds.vjp(pair, x, 2.0)
    a_bar, b_bar = pull(w, p)
    (curved,) = ds.hvp(lambda a: a**3 * x, (w,), (x,))
    return p * q_dot + q * p_dot + a_bar * y[0] + b_bar * y[1] + curved


@specimen(0.7, 0.4, formal=ARRAYS)
def matrices_inside(x, w):
    def surface(a, b):
        return a * a * b * x + math.sin(a * b)

    h = ds.hessian(surface, (0, 1))(x, w)
    j = ds.jacobian(lambda a, b: (a * b, a - x * b), ("b", "a"))(w, x)
    return h[0, 0] * h[1, 1] - h[0, 1] * h[1, 0] + j[0, 1] * j[1, 0]


def with_a_derivative(f_scale, y):
    return ds.grad(lambda z: f_scale * z * z)(y)


@specimen(0.7)
def a_helper_that_differentiates(x):
    return with_a_derivative(x, 2.0) * with_a_derivative(f_scale=2.0, y=x)


@specimen(0.7)
def what_does_not_depend(x):
    return (
        x + ds.grad(lambda y: x * x)(x) + ds.grad(lambda y: 3.0)(x) + ds.grad(lambda y, z=2.0: y * z * x)(1.0)
    )


@specimen(-0.7)
def corners_inside(x):
    return ds.grad(lambda y: abs(y) * max(x, y) + min(y, 0.5 * x) * x)(x + 0.1)


@specimen(1.3, formal=TRIPS)
def descent_inside_descent(x):
    def lowest(a):
        z = 0.0
        for _ in range(3):
            z = z - 0.2 * ds.grad(lambda u: (u - a) ** 2 + 0.1 * u**4)(z)
        return z

    y = x
    for _ in range(2):
        y = y - 0.3 * ds.derivative(lambda a: (lowest(a) - x) ** 2 + 0.1 * a * a, mode="reverse")(y)
    return y
