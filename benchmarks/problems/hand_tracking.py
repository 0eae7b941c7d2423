"""Hand tracking (ADBench; Šrajer, Kukelova, Fitzgibbon 2018): a hierarchy of bones moves a skin to measured points.

`theta` has the rotation and the translation of the whole hand, then four angles for each of five fingers. A point
lies in a triangle of the skin, where `shares` says: the complicated variant. Half the sum of squared distances.
"""

import math
from typing import Any

import numpy as np

TITLE = "hand tracking, with correspondences"
WRT = ("theta", "shares")
SIZES = {"22 bones, 544 vertices, 1000 points": {"n": 1_000, "vertices": 544}}
SMALL = {"n": 3, "vertices": 6}
MISSING = {"CasADi": "its graph has one node per number"}
BONES, FINGERS = 22, 5
PARENTS = np.array([-1, 0, *(2 + 4 * f + j - 1 if j else 1 for f in range(FINGERS) for j in range(4))])


def data(n: int, vertices: int) -> tuple[Any, ...]:
    rng = np.random.default_rng(59)
    theta = np.concatenate([[0.3, -0.2, 0.4], rng.normal(0.0, 0.1, 3), rng.uniform(0.0, 0.7, 20)])
    bases = rng.normal(0.0, 0.5, (BONES, 3, 4))
    weights = rng.uniform(size=(vertices, BONES)) ** 8
    weights /= np.sum(weights, 1)[:, None]
    skin = np.column_stack([rng.normal(size=(vertices, 3)), np.ones(vertices)])
    triangles = rng.integers(0, vertices, (n, 3))
    return (
        theta,
        rng.uniform(0.0, 0.5, (n, 2)),
        bases,
        PARENTS,
        weights,
        skin,
        triangles,
        rng.normal(size=(n, 3)),
    )


def turned(a, b, c):
    """The rotation by three angles, about x, then y, then z."""
    out = np.empty((3, 3))
    ca = math.cos(a)
    sa = math.sin(a)
    cb = math.cos(b)
    sb = math.sin(b)
    cc = math.cos(c)
    sc = math.sin(c)
    out[0, 0] = cc * cb
    out[0, 1] = cc * sb * sa - sc * ca
    out[0, 2] = cc * sb * ca + sc * sa
    out[1, 0] = sc * cb
    out[1, 1] = sc * sb * sa + cc * ca
    out[1, 2] = sc * sb * ca - cc * sa
    out[2, 0] = -sb
    out[2, 1] = cb * sa
    out[2, 2] = cb * ca
    return out


def primal(theta, shares, bases, parents, weights, skin, triangles, points):
    bones = len(parents)
    poses = np.zeros((bones, 3, 4))
    local = np.zeros((3, 4))
    for b in range(bones):
        at_x = 0.0
        at_z = 0.0
        if b > 1:
            finger = (b - 2) // 4
            joint = (b - 2) % 4
            at_x = theta[6 + 4 * finger + joint]
            if joint == 0:
                at_z = 0.5 * theta[6 + 4 * finger + 3]
        turn = turned(at_x, 0.0, at_z)
        for i in range(3):
            for j in range(4):
                total = 0.0
                for k in range(3):
                    total += turn[i, k] * bases[b, k, j]
                local[i, j] = total
        parent = parents[b]
        for i in range(3):
            for j in range(4):
                if parent < 0:
                    poses[b, i, j] = local[i, j]
                else:
                    total = 0.0
                    if j == 3:
                        total = poses[parent, i, 3]
                    for k in range(3):
                        total += poses[parent, i, k] * local[k, j]
                    poses[b, i, j] = total
    n = len(skin)
    placed = np.zeros((n, 3))
    for v in range(n):
        for b in range(bones):
            for i in range(3):
                total = 0.0
                for k in range(4):
                    total += poses[b, i, k] * skin[v, k]
                placed[v, i] += weights[v, b] * total
    turn = turned(theta[0], theta[1], theta[2])
    error = 0.0
    for p in range(len(points)):
        first = triangles[p, 0]
        second = triangles[p, 1]
        third = triangles[p, 2]
        for i in range(3):
            here = theta[3 + i]
            for k in range(3):
                last = 1.0 - shares[p, 0] - shares[p, 1]
                mixed = shares[p, 0] * placed[first, k] + shares[p, 1] * placed[second, k]
                here += turn[i, k] * (mixed + last * placed[third, k])
            miss = points[p, i] - here
            error += miss * miss
    return 0.5 * error


def _rotations(xp: Any, a: Any, b: Any, c: Any) -> Any:
    ca, sa, cb, sb, cc, sc = xp.cos(a), xp.sin(a), xp.cos(b), xp.sin(b), xp.cos(c), xp.sin(c)
    rows = (
        (cc * cb, cc * sb * sa - sc * ca, cc * sb * ca + sc * sa),
        (sc * cb, sc * sb * sa + cc * ca, sc * sb * ca - cc * sa),
        (-sb, cb * sa, cb * ca),
    )
    return xp.stack([xp.stack(row) for row in rows])


def _in_arrays(xp: Any) -> Any:
    def run(
        theta: Any,
        shares: Any,
        bases: Any,
        parents: Any,
        weights: Any,
        skin: Any,
        triangles: Any,
        points: Any,
    ) -> Any:
        del parents  # they are known before
        zero, poses = 0.0 * theta[0], []
        for b in range(BONES):
            finger, joint = (b - 2) // 4, (b - 2) % 4
            x = theta[6 + 4 * finger + joint] if b > 1 else zero
            z = 0.5 * theta[6 + 4 * finger + 3] if b > 1 and joint == 0 else zero
            local = _rotations(xp, x, zero, z) @ bases[b]
            parent = int(PARENTS[b])
            if parent >= 0:
                above = poses[parent]
                moved = above[:, :3] @ local
                local = xp.concatenate([moved[:, :3], moved[:, 3:] + above[:, 3:]], 1)
            poses.append(local)
        placed = xp.einsum("vb,bik,vk->vi", weights, xp.stack(poses), skin)
        first, second, third = placed[triangles[:, 0]], placed[triangles[:, 1]], placed[triangles[:, 2]]
        one, two = shares[:, :1], shares[:, 1:]
        mixed = one * first + two * second + (1.0 - one - two) * third
        here = mixed @ _rotations(xp, theta[0], theta[1], theta[2]).T + theta[3:6]
        return 0.5 * xp.sum((points - here) ** 2)

    return run


def jax(xp: Any) -> Any:
    return _in_arrays(xp)


def torch(xp: Any) -> Any:
    return _in_arrays(xp)


def autograd(xp: Any) -> Any:
    return _in_arrays(xp)
