"""Fit the constants of a program to a table."""
