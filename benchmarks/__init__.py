"""Benchmarks: `make bench` prints every table. Ratios are of medians within one run."""
