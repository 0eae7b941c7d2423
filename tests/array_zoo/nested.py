"""Programs with arrays that take derivatives themselves."""

# Programs are written as users write them; a type checker objects to some of that.
# mypy: ignore-errors

import numpy as np

import downslope as ds
from array_zoo.registry import matrix, specimen, vector


@specimen(vector(3))
def descent_of_an_inner_cost(a):
    def cost(w):
        s = 0.0
        for i in range(len(a)):
            s += (w[i] - a[i]) ** 2 * a[i] + 0.1 * w[i] * w[i - 1]
        return s

    w = np.zeros(len(a))
    for _ in range(4):
        w = w - 0.1 * ds.grad(cost)(w)
    return np.sum(w * w * a)


@specimen(vector(3), 0.4)
def inner_stores_into_its_argument(a, x):
    def changed(b):
        b[0] = b[0] * b[1] * x
        b += a
        return np.sum(b * b)

    g = ds.grad(changed)(a)
    value, again = ds.value_and_grad(changed, 0)(2.0 * a)
    return np.sum(g * again) + a[0] * value


@specimen(vector(2), matrix(2, 2))
def newton_step_by_inner_hessian(x, m):
    def bowl(x):
        return np.sum((m @ x) ** 2) + 0.1 * np.sum(x**4)

    g, h = ds.grad(bowl)(x), ds.hessian(bowl)(x)
    det = h[0, 0] * h[1, 1] - h[0, 1] * h[1, 0]
    return x[0] - (h[1, 1] * g[0] - h[0, 1] * g[1]) / det + (h[0, 0] * g[1] - h[1, 0] * g[0]) / det * x[1]


@specimen(vector(3), vector(3, 0.9))
def inner_products_with_arrays(a, b):
    def mixed(u, k):
        return np.sin(u * b) * k

    y, y_dot = ds.jvp(mixed, (a, 2.0), (b, a[0]))
    z, pull = ds.vjp(mixed, a, b[0])
    u_bar, k_bar = pull(y_dot * b)
    (curved,) = ds.hvp(lambda u: np.sum(u**3 * a), (a,), (b,))
    return np.sum(y * u_bar) + k_bar * np.sum(z) + np.sum(curved)


@specimen(vector(3), 0.3)
def inner_jacobian_of_an_array(a, x):
    j = ds.jacobian(lambda u: np.cumsum(u * u) * x + a[0] * u)(a)
    return np.sum(j * j) + j[2, 0] * x


@specimen(vector(4), 0.3)
def inner_forward_mode_and_numbers(a, x):
    def path(t):
        s = 0.0
        for v in a:
            s = s * t + v * t
        return s

    along = ds.derivative(lambda u: np.sum(u * u * a) * x, mode="forward")(a)
    return ds.grad(path)(x) * along[1] + ds.derivative(ds.grad(path), mode="reverse")(x)
