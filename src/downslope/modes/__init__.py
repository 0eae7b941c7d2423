"""The ways to differentiate: differences, dual numbers, forward and reverse transformation."""
