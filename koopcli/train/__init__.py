"""Fitting a model to a dataset."""
