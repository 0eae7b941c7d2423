"""Plots of a program and of a fit, as matplotlib figures: `figure.savefig("curve.png")` keeps one."""

from downslope.report.accessor import correlation as correlation
from downslope.report.accessor import history as history
from downslope.report.accessor import profile as profile
from downslope.report.accessor import residuals as residuals
from downslope.report.cost import cost as cost
from downslope.report.cost import descent as descent
from downslope.report.curve import curve as curve
from downslope.report.fitted import fitted as fitted
from downslope.report.sample import Walk as Walk
