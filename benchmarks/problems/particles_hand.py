"""The derivative of the particles by hand: four tangents beside each value, zero ones left out."""

from typing import Any

import numba


@numba.njit(error_model="numpy")  # type: ignore[untyped-decorator]
def gradient(gravity: Any, drag: Any, loss: Any, push: Any, places: Any, speeds: Any, dt: Any) -> Any:
    total = by_gravity = by_drag = by_loss = by_push = 0.0
    for i in range(len(places)):
        x, y, vx, vy = places[i, 0], places[i, 1], speeds[i, 0], speeds[i, 1]
        xg = xd = xl = xp = yg = yd = yl = ug = ud = ul = up = wg = wd = wl = 0.0
        bounces, steps, rest = 0, 0, 1.0 - dt * drag
        while bounces < 3 and steps < 400:
            ug, ud, ul, up = ug * rest, ud * rest - dt * vx, ul * rest, up * rest
            wg, wd, wl = wg * rest - dt, wd * rest - dt * vy, wl * rest
            vx -= dt * drag * vx
            vy -= dt * (gravity + drag * vy)
            if y < 0.5:
                vx += dt * push * (0.5 - y)
                ug, ud, ul = ug - dt * push * yg, ud - dt * push * yd, ul - dt * push * yl
                up += dt * (0.5 - y)
            x += dt * vx
            y += dt * vy
            xg, xd, xl, xp = xg + dt * ug, xd + dt * ud, xl + dt * ul, xp + dt * up
            yg, yd, yl = yg + dt * wg, yd + dt * wd, yl + dt * wl
            if y < 0.0:
                yg, yd, yl = -loss * yg, -loss * yd, -loss * yl - y
                wg, wd, wl = -loss * wg, -loss * wd, -loss * wl - vy
                y, vy = -loss * y, -loss * vy
                bounces += 1
            if x > 1.0 or x < -1.0:
                x = (2.0 if x > 1.0 else -2.0) - x
                vx = -vx
                xg, xd, xl, xp, ug, ud, ul, up = -xg, -xd, -xl, -xp, -ug, -ud, -ul, -up
            steps += 1
        total += x * x + y
        by_gravity += 2.0 * x * xg + yg
        by_drag += 2.0 * x * xd + yd
        by_loss += 2.0 * x * xl + yl
        by_push += 2.0 * x * xp
    return total, by_gravity, by_drag, by_loss, by_push
