"""The diagonal Koopman model."""
