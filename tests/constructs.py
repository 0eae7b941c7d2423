"""One small program for each construct that a program may use, as text, with the inputs it is run at."""

IMPORTS = """import enum
import math
from math import tau

import numpy as np

RATE, COUNT, NEGATIVE, ON = 1.5, 3, -2, True
SCALAR, WHOLE = np.float64(0.25), np.int32(2)


class Config:
    factor = 1.25


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 4


def helper(a, b=0.5, *, c=2.0, n=COUNT):
    for _ in range(n):
        a = a * b + c
    return a


def pair(a, b=1.0):
    return a * b, (a + b, a - b)


square = lambda z: z * z
"""

CONSTRUCTS = {
    "step": "s = x\nfor i in range(1, 9, 3):\n    s = s * x + i\nreturn s",
    "negative step": "s = x\nfor i in range(7, -2, -2):\n    s = s * x + i\nreturn s",
    "step from a variable": "s = x\nfor i in range(9, n - 3, -n):\n    s = s * x + i\nreturn s",
    "zero trips": "s = x\nfor i in range(n, 2):\n    s = s * s + y\nreturn s",
    "zero trips negative": "s = x\nfor i in range(0, 5, -1):\n    s = s * s + y\nreturn s",
    "trips from a float": "s = x\nfor i in range(int(y * 2)):\n    s = s * x\nreturn s",
    "index after the loop": "i = 0\nfor i in range(n):\n    x = x * y\nreturn x * i",
    "index changed inside": "s = x\nfor i in range(n):\n    i = i * 2\n    s += i * x\nreturn s",
    "bound changed inside": "m = n\nfor i in range(m):\n    m = m + 5\n    x = x * y\nreturn x + m",
    "same index twice": "s = x\nfor i in range(2):\n    for i in range(3):\n        s = s * y + i\nreturn s",
    "while else": "while x < 9:\n    x = x * y\nelse:\n    x = x + 1\nreturn x",
    "while else after break": "while x < 9:\n    x = x * y\n    if x > 5:\n        break\nelse:\n    x = x + 100\nreturn x",
    "for else": "for i in range(n):\n    if x * i > 99:\n        break\n    x = x * y\nelse:\n    x = x * 3\nreturn x",
    "for else after break": "for i in range(n):\n    if i == 1:\n        break\n    x = x * y\nelse:\n    x = x * 3\nreturn x",
    "break in nested": "s = x\nfor i in range(4):\n    for j in range(4):\n        if j > i:\n            break\n        s = s + x * j\n    if s > 40:\n        break\nreturn s",
    "continue in nested": "s = x\nfor i in range(4):\n    if i == 2:\n        continue\n    j = 0\n    while j < 4:\n        j += 1\n        if j == i:\n            continue\n        s = s + y * j\nreturn s",
    "return from nested": "for i in range(5):\n    for j in range(5):\n        if x * i * j > 5:\n            return x * i + j\n        x = x * 1.1\nreturn y",
    "while true": "while True:\n    x = x * y\n    if x > 50:\n        return x",
    "list as a stack": "s = [x]\nwhile len(s) < 4:\n    s.append(s[-1] * y)\nt = 0.0\nwhile s:\n    t = t * 0.5 + s.pop()\nreturn t",
    "list of whole numbers": "s = [n, 1]\ns.append(s[0] * 2)\nfor k in s:\n    x = x * y + k\nreturn x * s[1]",
    "list of truth values": "s = [x > 1, y > 5]\nreturn x * y if s[0] and not s[1] else x",
    "comprehension": "s = [x * i for i in range(1, n + 1) if i != 2]\nreturn sum(s) * y",
    "generator expressions": "t = sum(x * i for i in range(n)) + max(y * i for i in range(n))\nreturn t if any(x > i for i in range(n)) else x",
    "loop over a tuple": "for k in (1, 2):\n    x = x * y + k\nreturn x",
    "any and all of tuples": "return x * y if any((x > 9, y > 1)) and all((x > 1, y > 1)) else x",
    "del": "z = x * y\ndel z\nz = x\nreturn z * y",
    "elif": "if x > 5:\n    s = x\nelif x > 1:\n    s = x * y\nelif y > 2:\n    s = y\nelse:\n    s = 0.0\nreturn s * x",
    "early returns": "if x > 5:\n    return y\nif y > 100:\n    return x\nreturn x * y",
    "chained comparison": "return x * y if 0 < x <= y < 9 != n else x",
    "short circuit and": "return x if y < 0 and math.log(y) > 0 else x * y",
    "short circuit or": "return x * y if x > 1 or 1 / (x - x) > 0 else x",
    "short circuit guards division": "z = x - x\nreturn x * 2 if z != 0 and y / z > 1 else y * x",
    "and or give values": "return (x and y) * 2 + (0.0 or x) + (x > 0 and y)",
    "not": "return x * y if not (x > 5 or not y) else x",
    "truth of a number": "if x - x:\n    return y\nif n:\n    return x * y\nreturn x",
    "conditional in conditional": "return x if x > 5 else y if y > 5 else x * y if n else 0.0",
    "conditional of tuples": "a, b = (x, y) if x > y else (y, x)\nreturn a * a + b",
    "swap": "x, y = y, x\nreturn x**2 + y",
    "three way swap": "a, b, c = x, y, x * y\na, b, c = c, a, b\nreturn a + b * b + c**3",
    "nested unpack": "a, (b, c) = pair(x, y)\nreturn a * b + c",
    "nested unpack in place": "(a, b), c = (x, y), x * y\nreturn a + b**2 * c",
    "chained assignment": "a = b = x * y\na = a * 2\nreturn a + b * b",
    "annotated": "a: float = x * y\nb: float\nb = a * x\nreturn b",
    "augmented": "s = x\ns += y\ns -= 0.5\ns *= x\ns /= y\ns **= 2\ns %= 7.5\nreturn s",
    "augmented floor": "s = x * 3\ns //= y\nreturn s * x",
    "augmented bits": "m = n\nm <<= 2\nm >>= 1\nm |= 1\nm &= 7\nm ^= 2\nreturn x * m",
    "bits": "return x * (n << 2 | 1) + y * (n & 1 ^ 3) - ~n * x",
    "unary": "return -x**2 + +y - -x * (-2) ** 3",
    "integers": "return x * (n // 2) + y * (n % 2) + x * n**2 + y * 2**-1 - (-n // 2) * x - (-n % 2)",
    "truth as a number": "return (x > 1) * x + True * y - (y == 2.0)",
    "module constants": "return x * RATE**2 + COUNT * y + NEGATIVE * x + tau + (x if ON else y)",
    "numpy scalars": "return x * SCALAR + y ** WHOLE + np.pi * x + np.float64(2.0) * y",
    "constants of a class": "return x * Config.factor + y * Level.HIGH",
    "infinities": "return x if y < math.inf and -math.inf < x and not math.isnan(x) else 0.0",
    "helper": "return helper(x) + helper(y, x) * helper(b=y, a=x, n=2) + helper(x, c=y)",
    "helper that is a lambda": "return square(x) * square(square(y))",
    "nested function": "def inner(z, k=y):\n    return z * k + x\ny = 10.0\nreturn inner(x) + inner(y, k=x)",
    "closure sees a later value": "a = x\ndef inner(z):\n    return z * a\na = a * y\nreturn inner(x)",
    "nested function with a loop": "def inner(z, m):\n    for i in range(m):\n        if z > 50:\n            return z\n        z = z * y\n    return z + x\nreturn inner(x, n) * inner(2.0, 2)",
    "max and min": "return max(x, y, 2.5) * min((x, y, 0.1)) + max((x,)) - min(x, y) + max(x * y, 1)",
    "sum": "return sum((x, y, x * y)) + sum((x, 2), y) + sum(()) * x",
    "divmod": "q, r = divmod(x * 7, y)\nreturn q * x + r",
    "pow": "return pow(x, 2) + pow(2, y) + pow(x, y)",
    "round int float bool": "return round(x) * x + round(x, 1) * y + int(x) * y + float(n) * x + bool(x) * y + round(n)",
    "abs": "return abs(-x) * abs(y) + abs(n) * x",
    "assert": "assert x > 0, f'{x} must be positive'\nassert n\nreturn x * y",
    "raise beside the path": "if x < 0:\n    raise ValueError(f'{x} is negative')\nreturn x * y",
    "docstring and pass": "'''Text.'''\nif x > y:\n    pass\nreturn x * y",
    "unused value": "z = 1 / x\nw = z * y\nreturn x * y",
    "variable of two types": "s = 0\nfor i in range(n):\n    s = s + x\nif y > 1:\n    s = s * y\nreturn s",
    "flags": "found, value = False, 0.0\nfor i in range(9):\n    if not found and x * i > 4:\n        found, value = True, x * i\nreturn value if found else -x",
    "nested tuple": "t = (x, (y, x * y))\na, b = t\nc, d = b\nreturn a * c + d",
    "tuple in a loop": "p = (x, y)\nfor i in range(n):\n    a, b = p\n    p = (a * b, a - b)\na, b = p\nreturn a + b",
}

MATH = (
    "acos acosh asin asinh atan atanh cbrt ceil cos cosh degrees erf erfc exp exp2 expm1 fabs floor gamma lgamma log log10"
    " log1p log2 radians sin sinh sqrt tan tanh trunc isfinite isinf isnan"
).split()
MATH_OF_TWO = "atan2 copysign fmod hypot log pow remainder".split()
