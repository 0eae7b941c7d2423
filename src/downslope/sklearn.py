"""scikit-learn's estimators of programs: `from downslope.sklearn import ProgramRegressor`.

It needs scikit-learn: `pip install downslope[sklearn]`.
"""

from downslope.interop.estimator import ProgramRegressor as ProgramRegressor

__all__ = ["ProgramRegressor"]
