"""Bode: how strongly and how late each observation follows each action.

With x[t+1] = Λ x[t] + B a[t] and ŝ = Re(C x) = (C x + conj(C x)) / 2, real actions give

    H(ω) = ½ [C (z - Λ)⁻¹ B + conj(C) (z - conj Λ)⁻¹ conj(B)],   z = e^{iω dt}.

It describes one linear stretch: re-encoding, and a decoder that is not linear, are outside.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Complex, Float

from koopcli.spectrum.linear_form import LinearForm

POINTS = 400
"""Frequencies, evenly in the logarithm, up to the Nyquist frequency."""
DECADES = 3
"""Of frequency."""


@dataclass(frozen=True)
class FrequencyResponse:
    """H at each frequency, in units of observation per unit of action.

    Attributes:
        frequency_hz: Frequencies, cycles per second.
        response: H.
    """

    frequency_hz: Float[np.ndarray, " frequency"]
    response: Complex[np.ndarray, "frequency state action"]


def of(form: LinearForm, dt: float) -> FrequencyResponse:
    """Evaluate H up to the Nyquist frequency 1 / (2 dt)."""
    top = np.log10(0.5 / dt)
    frequency = np.logspace(top - DECADES, top, POINTS)
    z = np.exp(2j * np.pi * frequency * dt)
    b, c, values = form.input_matrix, form.output_matrix, form.eigenvalues
    with np.errstate(divide="ignore", invalid="ignore"):
        one = np.einsum("sl,fl,la->fsa", c, 1 / (z[:, None] - values), b)
        other = np.einsum(
            "sl,fl,la->fsa", c.conj(), 1 / (z[:, None] - values.conj()), b.conj()
        )
    return FrequencyResponse(frequency, (one + other) / 2)
