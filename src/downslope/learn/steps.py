"""What one row does to the parameters. Plain Python that native code runs (`native.sequence`).

Their source is compiled, so they use nothing but their arguments and numbers.
"""

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


def kalman(x: Array, slope: Array, residual: float, state: Array, options: Array, work: Array) -> None:
    """One step of the extended Kalman filter on parameters, with exponential forgetting.

    `state` is the covariance P of the parameters, and below it the sum of squared residuals e; `options` are the variance R of the target's noise, the
    forgetting λ, and the variance q that each parameter gains per row. With slopes g and residual r:
    P ← P + diag(q), s = λR + g'Pg, k = Pg / s, x ← x − k r, P ← (P − k g'P) / λ, e ← λe + r²λR / s.
    Sources: Ljung and Söderström, Theory and Practice of Recursive Identification (1983), chapters 2 and 3;
    Bertsekas (1996), Incremental least squares methods and the extended Kalman filter.

    >>> x, P, q = np.array([0.0]), np.array([[1e6], [0.0]]), 0.0
    >>> kalman(x, np.array([2.0]), -8.0, P, np.array([1.0, 1.0, q]), np.empty(1))
    >>> round(float(x[0]), 5), round(float(P[0, 0]), 5)
    (4.0, 0.25)
    """
    scale = options[0] * options[1]
    for i in range(len(x)):
        state[i, i] += options[2 + i]
    for i in range(len(x)):
        work[i] = 0.0
        for j in range(len(x)):
            work[i] += state[i, j] * slope[j]
        scale += work[i] * slope[i]
    state[len(x), 0] = options[1] * (state[len(x), 0] + residual * residual * options[0] / scale)
    for i in range(len(x)):
        x[i] -= work[i] / scale * residual
        for j in range(i + 1):  # both halves alike, so that P stays symmetric
            state[i, j] = (state[i, j] - work[i] * work[j] / scale) / options[1]
            state[j, i] = state[i, j]


def gradient(x: Array, slope: Array, residual: float, state: Array, options: Array, work: Array) -> None:
    """One step of stochastic gradient with a rate for each parameter that its past gradients set.

    The first row of `state` is h, the sums of squared gradients; `options` are the rate η, the forgetting
    λ, and the size u of each parameter, which makes the step the same in any unit. With gradient
    d = r g u: h ← λh + d², x ← x − η u d / √h.
    Source: Duchi, Hazan and Singer (2011), Adaptive subgradient methods (AdaGrad).

    >>> x, h = np.array([0.0]), np.zeros((1, 1))
    >>> gradient(x, np.array([2.0]), -8.0, h, np.array([0.1, 1.0, 1.0]), np.empty(1))
    >>> float(x[0]), float(h[0, 0])
    (0.1, 256.0)
    """
    for i in range(len(x)):
        work[i] = residual * slope[i] * options[2 + i]
        state[0, i] = options[1] * state[0, i] + work[i] * work[i]
        if state[0, i] > 0.0:
            x[i] -= options[0] * options[2 + i] * work[i] / state[0, i] ** 0.5
