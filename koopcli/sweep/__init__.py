"""Many runs over seeds and settings, chosen and stored by Optuna."""
