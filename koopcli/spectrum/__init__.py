"""What the eigenvalues of a model mean, and whether the data agree."""
