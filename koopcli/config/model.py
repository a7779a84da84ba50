"""The shape of a model."""

from dataclasses import dataclass

from koopcli.config.checks import above, at_least, at_most
from koopcli.config.choices import (
    Discretisation,
    Initialisation,
    ModelKind,
    Observables,
    Stability,
    Unroll,
)
from koopcli.errors import ConfigError

MAX_DEPTH = 100
"""Most hidden layers of a network."""


REENCODE_EVERY: dict[ModelKind, int | None] = {
    ModelKind.KOOPMAN: 5,
    ModelKind.EDMDC: None,
}
"""What an unset `model.reencode_every` means: edmdc chooses, the others never do."""


@dataclass(frozen=True, kw_only=True)
class ModelConfig:
    """The shape of the model."""

    kind: ModelKind = ModelKind.KOOPMAN
    """Which model."""
    latent_dim: int = 128
    """Number of latents: complex ones (koopman), real ones (kfc)."""
    encoder_width: int = 256
    """Hidden units of the state encoder."""
    encoder_depth: int = 2
    """Hidden layers of the state encoder."""
    decoder_width: int = 256
    """Hidden units of the decoder."""
    decoder_depth: int = 2
    """Hidden layers of the decoder and of the reward head."""
    reward_width: int = 128
    """Hidden units of the reward head."""
    action_width: int = 128
    """Hidden units of the action encoder."""
    action_depth: int = 1
    """Hidden layers of the action encoder; 0 makes it linear."""
    skip: bool = True
    """Linear paths beside each network."""
    discretisation: Discretisation = Discretisation.ZOH
    """Continuous-time eigenvalues under zero-order hold, or discrete ones (none)."""
    init: Initialisation = Initialisation.RING
    """Starting point of the eigenvalues."""
    stability: Stability = Stability.STRICT
    """strict: |λ| <= 1 by construction; soft: a penalty; free: nothing."""
    ring_min: float = 0.8
    """Smallest modulus of the ring initialisation."""
    ring_max: float = 0.999
    """Largest modulus of the ring initialisation."""
    ring_max_phase: float = 3.141592653589793
    """Largest phase of the ring initialisation, in radians per step."""
    time_step: float | None = None
    """Initial value of the learnable time step Δ; unset: 1 / latent_dim."""
    input_normalisation: bool = True
    """Start with input gains √(1-|λ|²), so that every mode has unit variance."""
    reencode_every: int | None = None
    """Steps between re-encodings in training; 0 never; unset: see REENCODE_EVERY."""
    rollout_every: int | None = None
    """Steps between re-encodings in rollouts; unset: chosen on validation data."""
    gate: bool = True
    """Whether a learned gate lets latents survive a re-encoding in part (koopman)."""
    width: int = 256
    """Hidden units of the models other than koopman."""
    depth: int = 2
    """Hidden layers or blocks of the models other than koopman."""
    heads: int = 4
    """Attention heads of the transformer; width must be a multiple of 2 * heads."""
    params: int | None = None
    """Number of parameters to come close to; unset: the widths as they are."""
    observables: Observables = Observables.FOURIER
    """Functions of the state that edmdc is linear in, besides the state itself."""
    features: int = 500
    """Random Fourier features of edmdc."""
    degree: int = 2
    """Largest degree of the polynomials of edmdc; 1 is a linear model."""
    ridge: float | None = None
    """Ridge penalty of edmdc, in variances; unset: chosen on validation data."""
    unroll: Unroll = Unroll.AUTO
    """How the recurrence is computed; auto picks by backend."""

    def __post_init__(self) -> None:
        at_least(
            "model",
            1,
            latent_dim=self.latent_dim,
            encoder_width=self.encoder_width,
            decoder_width=self.decoder_width,
            reward_width=self.reward_width,
            action_width=self.action_width,
        )
        at_least(
            "model",
            0,
            encoder_depth=self.encoder_depth,
            decoder_depth=self.decoder_depth,
            action_depth=self.action_depth,
            features=self.features,
            ridge=self.ridge or 0,
            reencode_every=self.reencode_every or 0,
            rollout_every=self.rollout_every or 0,
        )
        # Also what a damaged model file may claim: each layer is built in turn.
        at_most(
            "model",
            MAX_DEPTH,
            encoder_depth=self.encoder_depth,
            decoder_depth=self.decoder_depth,
            action_depth=self.action_depth,
            depth=self.depth,
        )
        at_least("model", 1, degree=self.degree)
        at_least("model", 1, width=self.width, depth=self.depth, heads=self.heads)
        if self.params is not None:
            at_least("model", 1, params=self.params)
        if self.kind is ModelKind.TRANSFORMER and self.width % (2 * self.heads):
            raise ConfigError(
                "model.width must be a multiple of 2 * model.heads, because each head "
                f"turns pairs of units; got width {self.width}, heads {self.heads}"
            )
        if not 0 < self.ring_min <= self.ring_max < 1:
            raise ConfigError(
                "model.ring_min and model.ring_max must satisfy "
                f"0 < ring_min <= ring_max < 1, got {self.ring_min}, {self.ring_max}"
            )
        above("model", 0, ring_max_phase=self.ring_max_phase)
        if self.time_step is not None:
            above("model", 0, time_step=self.time_step)
