"""Long-horizon Koopman dynamics models from offline trajectories."""

__version__ = "0.1.0"
