"""Whether Optuna, which chooses and stores the trials, is there, and how it talks."""

import importlib

from koopcli.errors import ConfigError


def require() -> None:
    """Import Optuna and make it quiet: koopcli says what there is to say.

    Raises:
        ConfigError: It is not installed.
    """
    try:
        optuna = importlib.import_module("optuna")
    except ImportError as error:
        raise ConfigError(
            f"sweep: optuna is missing ({error}); install it with "
            '`pip install "koopcli[sweep]"`'
        ) from error
    optuna.logging.set_verbosity(optuna.logging.ERROR)
