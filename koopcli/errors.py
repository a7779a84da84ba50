"""Every error koopcli raises on purpose, and the exit status each one becomes.

A message says what is wrong, where, and what to do. `koopcli.cli.app` prints it as one
line and exits with `exit_code`; anything that is not a `KoopError` is a bug (exit 1).
"""


class KoopError(Exception):
    """Something the user can act on."""

    exit_code = 1


class ConfigError(KoopError):
    """A setting is unknown, out of range, or contradicts another one."""

    exit_code = 2


class DataError(KoopError):
    """A data file is missing, unreadable, or breaks the trajectory contract."""

    exit_code = 3


class ModelError(KoopError):
    """A model file cannot be used, or does not fit the data it is given."""

    exit_code = 4


class TooLargeError(ConfigError):
    """What was asked for does not fit into the memory of the device."""


class ApartError(ConfigError):
    """The processes of one run are not about to do the same."""


class DivergedError(KoopError):
    """Training produced a non-finite loss or gradient."""

    exit_code = 5


class GateError(KoopError):
    """A check that the user asked for (`--fail-if-unstable`, ...) did not hold."""

    exit_code = 6


class DeviceError(KoopError):
    """The requested device is not there; koopcli never falls back silently."""

    exit_code = 7


class LostProcessError(KoopError):
    """Another process of the same run has gone."""

    exit_code = 8


class InterruptedRunError(KoopError):
    """Training was asked to stop, and did after writing a checkpoint."""

    exit_code = 130
