"""Using and judging a trained model."""
