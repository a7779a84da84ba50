"""Looks for faults in data and explains them: one small check per kind of fault."""
