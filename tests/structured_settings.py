"""Structures of numbers that other modules import."""

import numpy as np

SPEEDS = {"day": 30.0, "night": 45.0}
GAINS = np.array([0.5, 1.5])
