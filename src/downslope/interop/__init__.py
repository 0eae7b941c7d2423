"""Fits, derivatives and programs in the form that other tools take."""
