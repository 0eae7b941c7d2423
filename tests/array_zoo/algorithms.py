"""Programs as scientists write them."""

# Programs are written as users write them; a type checker objects to some of that.
# mypy: ignore-errors

import math

import numpy as np

from array_zoo.registry import matrix, specimen, vector


@specimen(matrix(4, 4) + 2.0 * np.eye(4))
def determinant(a):
    n = len(a)
    det = 1.0
    for k in range(n):
        det *= a[k, k]
        for i in range(k + 1, n):
            f = a[i, k] / a[k, k]
            for j in range(k, n):
                a[i, j] -= f * a[k, j]
    return det


@specimen(matrix(3, 3)[::-1] + np.diag([0.0, 2.0, 0.0]), vector(3))
def solve_with_pivots(a, b):
    n = len(b)
    for k in range(n):
        p = k
        for i in range(k + 1, n):
            if abs(a[i, k]) > abs(a[p, k]):
                p = i
        for j in range(n):
            a[k, j], a[p, j] = a[p, j], a[k, j]
        b[k], b[p] = b[p], b[k]
        for i in range(k + 1, n):
            f = a[i, k] / a[k, k]
            for j in range(k, n):
                a[i, j] -= f * a[k, j]
            b[i] -= f * b[k]
    x = np.zeros(n)
    for i in range(n - 1, -1, -1):
        s = b[i]
        for j in range(i + 1, n):
            s -= a[i, j] * x[j]
        x[i] = s / a[i, i]
    return x


@specimen(matrix(3, 3) @ matrix(3, 3).T + 3.0 * np.eye(3))
def cholesky(a):
    n = a.shape[0]
    l = np.zeros((n, n))
    for i in range(n):
        for j in range(i + 1):
            s = a[i, j]
            for k in range(j):
                s -= l[i, k] * l[j, k]
            if i == j:
                l[i, i] = math.sqrt(s)
            else:
                l[i, j] = s / l[j, j]
    return l


def field(y, k):
    d = np.empty(2)
    d[0] = y[1]
    d[1] = -k * math.sin(y[0])
    return d


@specimen(vector(2), 1.4, 5)
def runge_kutta(y, k, steps):
    h = 0.1
    for _ in range(steps):
        k1 = field(y, k)
        k2 = field(y + 0.5 * h * k1, k)
        k3 = field(y + 0.5 * h * k2, k)
        k4 = field(y + h * k3, k)
        y = y + h / 6.0 * (k1 + 2.0 * k2 + 2.0 * k3 + k4)
    return y


@specimen(vector(2), 1.4, 5)
def runge_kutta_in_place(y, k, steps):
    k1 = np.empty(2)
    k2 = np.empty(2)
    h = 0.1
    for _ in range(steps):
        k1[0] = y[1]
        k1[1] = -k * math.sin(y[0])
        k2[0] = y[1] + 0.5 * h * k1[1]
        k2[1] = -k * math.sin(y[0] + 0.5 * h * k1[0])
        for i in range(2):
            y[i] += h * k2[i]
    return y[0] ** 2 + y[1]


@specimen(matrix(5, 2), matrix(2, 2, 0.4))
def k_means(points, centres):
    cost = 0.0
    for p in points:
        best = 1e300
        for c in centres:
            d = 0.0
            for j in range(len(c)):
                d += (p[j] - c[j]) ** 2
            if d < best:
                best = d
        cost += best
    return cost


@specimen(vector(5), vector(3, -0.5, 0.4))
def convolution(a, w):
    n, m = len(a), len(w)
    out = np.zeros(n - m + 1)
    for i in range(n - m + 1):
        for j in range(m):
            out[i] += a[i + j] * w[j]
    return out


@specimen(vector(6))
def insertion_sort(a):
    for i in range(1, len(a)):
        x = a[i]
        j = i
        while j > 0 and a[j - 1] > x:
            a[j] = a[j - 1]
            j -= 1
        a[j] = x
    return a[1] * 2.0 + a[4] * a[0]


@specimen(vector(4), vector(4, 1.0, 0.2))
def kalman_filter(z, r):
    x, p = 0.0, 1.0
    s = 0.0
    for k in range(len(z)):
        p = p + 0.1
        gain = p / (p + r[k])
        e = z[k] - x
        x = x + gain * e
        p = (1.0 - gain) * p
        s += math.log(p + r[k]) + e * e / (p + r[k])
    return s


@specimen(vector(4), vector(4, -0.4))
def log_sum_exp(a, b):
    m = a[0]
    for v in a:
        if v > m:
            m = v
    s = 0.0
    for v, w in zip(a, b):
        s += math.exp(v - m) * w * w
    return m + math.log(s)


@specimen(vector(3), vector(3, 0.1), vector(3, 1.0), 3)
def particles(x, v, m, steps):
    n = len(x)
    f = np.zeros(n)
    for _ in range(steps):
        for i in range(n):
            f[i] = 0.0
        for i in range(n):
            for j in range(i + 1, n):
                d = x[j] - x[i]
                force = m[i] * m[j] / (d * d + 0.1)
                f[i] += force
                f[j] -= force
        for i in range(n):
            v[i] += 0.05 * f[i] / m[i]
            x[i] += 0.05 * v[i]
            if x[i] < 0.0:
                x[i] = -x[i]
                v[i] = -v[i]
    return np.sum(m * v * v) + x[0]


@specimen(matrix(2, 3), vector(2), matrix(3, 2), vector(3))
def two_layers(w, b, u, x):
    h = np.tanh(w @ x + b)
    y = u @ h
    return np.sum(y * y) / len(y)
