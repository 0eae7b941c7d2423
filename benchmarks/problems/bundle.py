"""Bundle adjustment (ADBench; Šrajer, Kukelova, Fitzgibbon 2018): half the sum of squared residuals.

A camera has 11 numbers: rotation (Rodrigues), centre, focal length, principal point, two radial distortions.
"""

import math
from typing import Any

import numpy as np

TITLE = "bundle adjustment"
WRT = ("cameras", "points", "weights")
SIZES = {"49 cameras, 7776 points, 31843 views": {"n": 49, "m": 7_776, "p": 31_843}}
SMALL = {"n": 2, "m": 4, "p": 6}
MISSING = {"CasADi": "its graph has one node per number"}


def data(n: int, m: int, p: int) -> tuple[Any, ...]:
    rng = np.random.default_rng(37)
    cameras = rng.normal(0.0, 0.1, (n, 11))
    cameras[:, 5] -= 8.0
    cameras[:, 6] = 500.0 + rng.normal(0.0, 5.0, n)
    cameras[:, 9:] *= 0.1
    points, weights = rng.uniform(-1.0, 1.0, (m, 3)), rng.uniform(0.5, 1.0, p)
    views = np.column_stack([rng.integers(0, n, p), rng.integers(0, m, p)])
    return cameras, points, weights, views, rng.normal(0.0, 30.0, (p, 2))


def primal(cameras, points, weights, views, seen):
    total = 0.0
    for k in range(len(views)):
        cam = cameras[views[k, 0]]
        point = points[views[k, 1]]
        x = point[0] - cam[3]
        y = point[1] - cam[4]
        z = point[2] - cam[5]
        squared = cam[0] * cam[0] + cam[1] * cam[1] + cam[2] * cam[2]
        if squared > 0.0:
            theta = math.sqrt(squared)
            cosine = math.cos(theta)
            sine = math.sin(theta)
            a = cam[0] / theta
            b = cam[1] / theta
            c = cam[2] / theta
            dot = (a * x + b * y + c * z) * (1.0 - cosine)
            u = x * cosine + (b * z - c * y) * sine + a * dot
            v = y * cosine + (c * x - a * z) * sine + b * dot
            w = z * cosine + (a * y - b * x) * sine + c * dot
        else:
            u = x + cam[1] * z - cam[2] * y
            v = y + cam[2] * x - cam[0] * z
            w = z + cam[0] * y - cam[1] * x
        u = u / w
        v = v / w
        r = u * u + v * v
        bend = 1.0 + cam[9] * r + cam[10] * r * r
        ex = weights[k] * (u * bend * cam[6] + cam[7] - seen[k, 0])
        ey = weights[k] * (v * bend * cam[6] + cam[8] - seen[k, 1])
        ew = 1.0 - weights[k] * weights[k]
        total += ex * ex + ey * ey + ew * ew
    return 0.5 * total


def _in_arrays(xp: Any) -> Any:
    def run(cameras: Any, points: Any, weights: Any, views: Any, seen: Any) -> Any:
        cam = cameras[views[:, 0]].T
        x = points[views[:, 1]].T - cam[3:6]
        theta = xp.sqrt(xp.sum(cam[0:3] ** 2, 0))
        cosine, sine = xp.cos(theta), xp.sin(theta)
        a, b, c = cam[0] / theta, cam[1] / theta, cam[2] / theta
        dot = (a * x[0] + b * x[1] + c * x[2]) * (1.0 - cosine)
        w = x[2] * cosine + (a * x[1] - b * x[0]) * sine + c * dot
        u = (x[0] * cosine + (b * x[2] - c * x[1]) * sine + a * dot) / w
        v = (x[1] * cosine + (c * x[0] - a * x[2]) * sine + b * dot) / w
        r = u * u + v * v
        bend = (1.0 + cam[9] * r + cam[10] * r * r) * cam[6]
        ex = weights * (u * bend + cam[7] - seen[:, 0])
        ey = weights * (v * bend + cam[8] - seen[:, 1])
        return 0.5 * xp.sum(ex**2 + ey**2 + (1.0 - weights**2) ** 2)

    return run


def jax(xp: Any) -> Any:
    return _in_arrays(xp)


def torch(xp: Any) -> Any:
    return _in_arrays(xp)


def autograd(xp: Any) -> Any:
    return _in_arrays(xp)
