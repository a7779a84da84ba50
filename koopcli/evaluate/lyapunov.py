"""Errors after so many Lyapunov times: what systems of other speeds can be compared by."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from koopcli.evaluate.protocol import Protocol
from koopcli.evaluate.report import Curve
from koopcli.evaluate.tally import Entrant

TIMES = (0.25, 0.5, 1.0, 2.0, 3.0, 5.0, 10.0, 20.0)
"""Lyapunov times that are reported, as far as the largest horizon goes."""


def rows(
    entrants: Sequence[Entrant], curves: Sequence[Curve], protocol: Protocol
) -> list[dict[str, Any]]:
    """Return the NRMSE of every model at the step nearest to each of `TIMES`."""
    steps = _steps(protocol)
    return [
        {
            "run": entrant.run,
            "model": entrant.model,
            "lyapunov_times": time,
            "horizon": step,
            "nrmse": float(curve.nrmse[step - 1]),
            "interval": {"nrmse": _ends(curve, step)},
        }
        for entrant, curve in zip(entrants, curves, strict=True)
        for time, step in steps.items()
    ]


def warnings(protocol: Protocol) -> tuple[str, ...]:
    """Say why there are no errors in Lyapunov times although an exponent is given."""
    if protocol.lyapunov_exponent is None or _steps(protocol):
        return ()
    if not protocol.dt_known:
        return ("the time between two steps is not known: there are no Lyapunov times",)
    each, longest = protocol.dt * protocol.lyapunov_exponent, protocol.horizons[-1]
    return (
        f"no errors in Lyapunov times: steps 1 to {longest} are {each:.3g} to "
        f"{longest * each:.3g} of them, and reported are {TIMES[0]:g} to {TIMES[-1]:g}; "
        "change --horizons",
    )


def _steps(protocol: Protocol) -> dict[float, int]:
    if protocol.lyapunov_exponent is None or not protocol.dt_known:
        return {}
    each = protocol.dt * protocol.lyapunov_exponent
    nearest = {time: round(time / each) for time in TIMES}
    longest = protocol.horizons[-1]
    return {time: step for time, step in nearest.items() if 0 < step <= longest}


def _ends(curve: Curve, step: int) -> tuple[float, float]:
    if curve.low is None or curve.high is None:
        return (np.nan, np.nan)
    return float(curve.low[step - 1]), float(curve.high[step - 1])
