"""Textbook numerical algorithms, differentiated as they stand."""

import math

from zoo.registry import LENGTH, TRIPS, specimen


@specimen(2.0, formal=TRIPS)
def newton_root(a: float) -> float:
    r = a
    while abs(r * r - a) > 1e-13:
        r = (r + a / r) / 2
    return r


@specimen(2.0)
def newton_root_fixed(a: float) -> float:
    r = a
    for _ in range(8):
        r = (r + a / r) / 2
    return r


@specimen(5.0, 3, formal=LENGTH)
def newton_nth_root(a: float, n: int) -> float:
    r = a / n
    for _ in range(40):
        r = ((n - 1) * r + a / r ** (n - 1)) / n
    return r


@specimen(0.3, formal=TRIPS)
def taylor_sine(x: float) -> float:
    term = x
    s = x
    n = 1
    while abs(term) > 1e-17:
        term = -term * x * x / ((n + 1) * (n + 2))
        s += term
        n += 2
    return s


@specimen(0.9)
def taylor_exponential(x: float) -> float:
    s, term = 1.0, 1.0
    for n in range(1, 20):
        term *= x / n
        s += term
    return s


@specimen(0.4, formal=TRIPS)
def geometric_series(q: float) -> float:
    s, term = 0.0, 1.0
    while term > 1e-16:
        s += term
        term *= q
    return s


@specimen(1.3)
def continued_fraction(x: float) -> float:
    f = x
    for i in range(10, 0, -1):
        f = x + i / f
    return f


@specimen(1.3)
def golden_ratio_like(x: float) -> float:
    f = 1.0
    for _ in range(15):
        f = x + 1 / f
    return f


@specimen(1.3, 0.4)
def horner(x: float, c: float) -> float:
    p = 0.0
    for k in range(6, -1, -1):
        p = p * x + c * (k - 2)
    return p


@specimen(0.4, 9)
def chebyshev(x: float, n: int) -> float:
    a, b = 1.0, x
    for _ in range(n - 1):
        a, b = b, 2 * x * b - a
    return b


@specimen(0.4, 6)
def legendre(x: float, n: int) -> float:
    a, b = 1.0, x
    for k in range(1, n):
        a, b = b, ((2 * k + 1) * x * b - k * a) / (k + 1)
    return b


@specimen(0.4, 3.6, formal=LENGTH)
def logistic_map(x: float, r: float) -> float:
    for _ in range(12):
        x = r * x * (1 - x)
    return x


@specimen(0.3, -0.4)
def henon_map(x: float, y: float) -> float:
    for _ in range(6):
        x, y = 1 - 1.4 * x * x + y, 0.3 * x
    return x + y


@specimen(0.3, 0.4, formal=TRIPS)
def mandelbrot_escape(a: float, b: float) -> float:
    x, y = 0.0, 0.0
    for _ in range(30):
        if x * x + y * y > 4:
            break
        x, y = x * x - y * y + a, 2 * x * y + b
    return x * x + y * y


@specimen(1.5, 2.5)
def mean_agm(a: float, b: float) -> float:
    for _ in range(6):
        a, b = (a + b) / 2, math.sqrt(a * b)
    return a


@specimen(0.1, 2.7, formal=TRIPS)
def bisection(low: float, high: float) -> float:
    f = low**3 - 2 * low - high
    while high - low > 0.3:
        middle = (low + high) / 2
        if middle**3 - 2 * middle - 1 > 0:
            high = middle
        else:
            low = middle
    return (low + high) / 2 + f


@specimen(2.7, formal=TRIPS)
def secant(a: float) -> float:
    p, q = 1.0, 2.0
    n = 0
    while abs(q - p) > 1e-9 and n < 30:
        fp, fq = p**3 - a, q**3 - a
        p, q = q, q - fq * (q - p) / (fq - fp)
        n += 1
    return q


@specimen(0.5, formal=TRIPS)
def fixed_point_of_cosine(a: float) -> float:
    x = 0.0
    step = 1.0
    while step > 1e-14:
        new = a * math.cos(x)
        step = abs(new - x)
        x = new
    return x


@specimen(0.5, 0.8, formal=TRIPS)
def kepler(m: float, e: float) -> float:
    angle = m
    for _ in range(50):
        change = (angle - e * math.sin(angle) - m) / (1 - e * math.cos(angle))
        angle -= change
        if abs(change) < 1e-14:
            break
    return angle


@specimen(0.5)
def trapezoid(b: float) -> float:
    n = 20
    h = b / n
    s = (1 + math.exp(-b * b)) / 2
    for i in range(1, n):
        s += math.exp(-((i * h) ** 2))
    return s * h


@specimen(0.2, 1.4)
def simpson(a: float, b: float) -> float:
    n = 10
    h = (b - a) / n
    s = math.sin(a * a) + math.sin(b * b)
    for i in range(1, n):
        x = a + i * h
        s += (4 if i % 2 else 2) * math.sin(x * x)
    return s * h / 3


@specimen(0.5, 1.5, formal=LENGTH)
def runge_kutta(y: float, k: float) -> float:
    h = 0.1
    for _ in range(10):
        a = k * y * (1 - y)
        b = k * (y + h * a / 2) * (1 - y - h * a / 2)
        c = k * (y + h * b / 2) * (1 - y - h * b / 2)
        d = k * (y + h * c) * (1 - y - h * c)
        y += h * (a + 2 * b + 2 * c + d) / 6
    return y


@specimen(1.0, 0.3, formal=TRIPS)
def adaptive_euler(y: float, k: float) -> float:
    t, h = 0.0, 0.1
    while t < 1:
        slope = -k * y + t
        if abs(slope * h) > 0.05:
            h = h / 2
            continue
        y += h * slope
        t += h
    return y


@specimen(1.2)
def gradient_descent_inside(x: float) -> float:
    p = 0.0
    for _ in range(10):
        p -= 0.2 * (2 * (p - x) + math.cos(p))
    return p


@specimen(0.7, 12)
def gcd_inside(x: float, n: int) -> float:
    a = n
    b = 8
    while b:
        a, b = b, a % b
    return x**a


@specimen(3.7, formal=TRIPS)
def collatz_like(x: float) -> float:
    n = int(x)
    s = x
    while n != 1:
        if n % 2 == 0:
            n = n // 2
        else:
            n = 3 * n + 1
        s = s * 1.01 + 1 / x
    return s


@specimen(1.1, 13)
def power_by_squaring(x: float, n: int) -> float:
    result = 1.0
    while n > 0:
        if n & 1:
            result = result * x
        x = x * x
        n >>= 1
    return result


@specimen(1.1, 30)
def sum_over_primes(x: float, n: int) -> float:
    s = 0.0
    for i in range(2, n):
        for j in range(2, i):
            if i % j == 0:
                break
        else:
            s += x / i + math.sin(i * x)
    return s


@specimen(0.3, 0.4, 9)
def fibonacci_like(a: float, b: float, n: int) -> float:
    for i in range(n):
        a, b = b, a + b * (1 if i % 3 else 0.5)
    return b / a


@specimen(0.3, 0.4, 0.7, formal=TRIPS)
def sorts_three(a: float, b: float, c: float) -> float:
    swapped = True
    while swapped:
        swapped = False
        if a > b:
            a, b = b, a
            swapped = True
        if b > c:
            b, c = c, b
            swapped = True
    return a + 2 * b**2 + 3 * c**3


@specimen(1.4, formal=TRIPS)
def lambert_w(z: float) -> float:
    w = 0.5
    while True:
        e = math.exp(w)
        change = (w * e - z) / (e * (w + 1))
        w -= change
        if abs(change) < 1e-13:
            return w
