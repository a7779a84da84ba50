"""Trajectories: reading, checking, splitting and storing them. Never loads JAX."""
