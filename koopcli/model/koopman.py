"""The diagonal Koopman model: encode, advance linearly, decode.

    x[0] = E(s[0]),   x[t+1] = Λ x[t] + B̄ ψ(a[t])
    ŝ[t] = D(x[t]),   r̂[t] = R(x[t+1], a[t])

with x in C^m and Λ diagonal. After every k steps, if the model re-encodes, x is replaced by

    z ⊙ x + (1 - z) ⊙ E(ŝ),   z = σ(W (x, ŝ) + b)   over real and imaginary parts

so that z = 0 is re-encoding as published (Fathi et al. 2024, arXiv:2310.15386), and z = 1
none; the gate keeps what the latents know and the state does not show. Between two
re-encodings time is linear. Source: Mondal et al. 2024, arXiv:2306.11941; reward head, gate
and normalisation of the inputs are this project's choice (docs/model.md).
"""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Complex, Float, Int, PRNGKeyArray

from koopcli.config.model import ModelConfig
from koopcli.model import blocks, readout
from koopcli.model.blocks import Memory
from koopcli.model.dimensions import Dimensions
from koopcli.model.dynamics import DynamicsModel, Forecast
from koopcli.model.eigenvalues import Eigenvalues
from koopcli.model.networks import Linear, Network, pack, unpack
from koopcli.model.normaliser import Normaliser, identity
from koopcli.model.unroll import (
    Row,
    Rows,
    choose,
    join,
    multiply,
    split,
    to_complex,
    to_rows,
)


class KoopmanModel(DynamicsModel):
    """See the module's equations; public methods take one sequence, physical units."""

    encoder: Network
    action_encoder: Network | None
    decoder: Network
    reward_head: Network | None
    gate: Linear | None
    spectrum: Eigenvalues
    log_gain: Float[Array, " latent"]
    state_normaliser: Normaliser
    action_normaliser: Normaliser
    reward_normaliser: Normaliser | None
    config: ModelConfig = eqx.field(static=True)

    def __init__(self, config: ModelConfig, dims: Dimensions, *, key: PRNGKeyArray):
        """Build an untrained model whose normalisers do nothing yet."""
        keys = jax.random.split(key, 6)
        encoder = {"width": config.encoder_width, "depth": config.encoder_depth}
        decoder = {"width": config.decoder_width, "depth": config.decoder_depth}
        reward = {"width": config.reward_width, "depth": config.decoder_depth}
        action = {"width": config.action_width, "depth": config.action_depth}
        latent = 2 * config.latent_dim
        skip = config.skip
        self.encoder = Network(dims.state, latent, **encoder, skip=skip, key=keys[0])
        self.decoder = Network(latent, dims.state, **decoder, skip=skip, key=keys[1])
        self.action_encoder = (
            Network(dims.action, latent, **action, skip=skip, key=keys[2])
            if dims.action
            else None
        )
        self.reward_head = (
            Network(latent + dims.action, 1, **reward, skip=skip, key=keys[3])
            if dims.reward
            else None
        )
        self.gate = (
            Linear(latent + dims.state, latent, key=keys[5])
            if config.gate and config.reencode_every
            else None
        )
        self.spectrum = Eigenvalues(config, key=keys[4])
        self.log_gain = _initial_gain(self.spectrum, config)
        self.state_normaliser = identity(dims.state)
        self.action_normaliser = identity(dims.action)
        self.reward_normaliser = identity(1) if dims.reward else None
        self.config = config

    def eigenvalues(self) -> Complex[Array, " latent"]:
        """Return the discrete-time eigenvalues, one per latent."""
        return self.spectrum()

    def encode(self, state: Float[Array, " state"]) -> Complex[Array, " latent"]:
        """Lift a state."""
        return self.lift(self.state_normaliser.standardise(state))

    def decode(self, latent: Complex[Array, " latent"]) -> Float[Array, " state"]:
        """Read a state back from a latent."""
        return self.state_normaliser.restore(self.read(latent))

    # Standard units below; any leading axes, so that training can keep time first.

    # What is between the networks is real: real parts, then imaginary ones, as they come
    # and go, and the recurrence takes them (`koopcli.model.unroll`).

    def segment(
        self,
        start: Float[Array, "batch state"],
        actions: Float[Array, "time batch action"],
        steps: Int[Array, " chosen"],
    ) -> Forecast:
        """Encode, unroll, decode at `steps`; see `DynamicsModel.segment`."""
        return self._read_out(
            self._unroll(self.encoder(start), actions), actions, steps
        )

    def nothing(self, batch: int) -> Memory:
        """Return a memory that the gate is told to ignore."""
        latents = jnp.zeros((batch, 2 * self.config.latent_dim))
        return Memory(latents=latents, known=jnp.float32(0))

    def resume(
        self,
        start: Float[Array, "batch state"],
        memory: Memory,
        actions: Float[Array, "time batch action"],
        steps: Int[Array, " chosen"],
    ) -> tuple[Forecast, Memory]:
        """Encode again, keep through the gate what the latents knew, and go on."""
        latents = self._unroll(self.restart(start, memory), actions)
        following = Memory(latents=latents[-1], known=jnp.float32(1))
        return self._read_out(latents, actions, steps), following

    def forecast_some(
        self,
        start: Float[Array, "batch state"],
        actions: Float[Array, "time batch action"],
        *,
        reencode_every: int,
        fraction: float,
        key: PRNGKeyArray,
    ) -> Forecast:
        """Decode the ends of blocks and steps drawn at random: decoding costs the most.

        `latents` and `rewards` are of the first rows: those before the first re-encoding;
        and all that were drawn, with one end of every group.
        """
        time, every = len(actions), reencode_every
        if not 0 < every < time:
            count = max(1, round(fraction * time))
            steps = readout.some(key, np.arange(time), count)
            return self.segment(start, actions, steps)
        return blocks.forecast(self, start, actions, every, fraction, key)

    def restart(
        self, state: Float[Array, "batch state"], memory: Memory
    ) -> Float[Array, "batch parts"]:
        """Encode a prediction, and keep through the gate what the latents knew."""
        encoded = self.encoder(state)
        if self.gate is None:
            return encoded
        features = jnp.concatenate([memory.latents, state], axis=-1)
        share = memory.known * jax.nn.sigmoid(self.gate(features))
        return encoded + share * (memory.latents - encoded)

    def _unroll(
        self,
        start: Float[Array, "batch parts"],
        actions: Float[Array, "time batch action"],
    ) -> Float[Array, "time batch parts"]:
        return self.advance_parts(start, self.drive_rows(actions))

    def advance_parts(
        self,
        start: Float[Array, "batch parts"],
        drive: Float[Array, "time batch 2 latent"],
    ) -> Float[Array, "time batch parts"]:
        """Unroll a batch: `advance`, between networks."""
        # Time stays the first axis, so that the sequential unroll needs no transposition.
        batched = jax.vmap(self.advance_rows, in_axes=(0, 1), out_axes=1)
        return join(batched(split(start), drive))

    def drive_rows(
        self, actions: Float[Array, "*batch action"]
    ) -> Float[Array, "*batch 2 latent"]:
        """B̄ ψ(a): `drive`, as rows (`koopcli.model.unroll`)."""
        size = self.log_gain.size
        if self.action_encoder is None:
            return jnp.zeros((*actions.shape[:-1], 2, size))
        gain = self.spectrum.hold() * jnp.exp(
            lax.complex(self.log_gain, 0 * self.log_gain)
        )
        # In the last layer rather than at every step: the gradient by the gains would sum
        # over all of them.
        encoder = self.action_encoder.transformed(
            lambda w: join(multiply(gain, split(w)))
        )
        return split(encoder(actions))

    def advance_rows(self, start: Row, drive: Rows) -> Rows:
        """Unroll one sequence: `advance`, on rows (`koopcli.model.unroll`)."""
        return choose(self.config.unroll)(self.spectrum(), start, drive)

    def _read_out(
        self,
        latents: Float[Array, "time batch parts"],
        actions: Float[Array, "time batch action"],
        steps: Int[Array, " chosen"],
    ) -> Forecast:
        latents = latents[steps]
        return Forecast(
            steps=steps,
            states=self.decoder(latents),
            rewards=None
            if self.reward_head is None
            else self.reward_parts(latents, actions[steps]),
            latents=pack(latents),
        )

    def reward_parts(
        self,
        latents: Float[Array, "*batch parts"],
        actions: Float[Array, "*batch action"],
    ) -> Float[Array, "*batch"]:
        """R: `reward`, of what networks give."""
        assert self.reward_head is not None
        features = jnp.concatenate([latents, actions], axis=-1)
        return self.reward_head(features)[..., 0]

    def lift(
        self, state: Float[Array, "*batch state"]
    ) -> Complex[Array, "*batch latent"]:
        """E: standardised state to latent."""
        return pack(self.encoder(state))

    def read(
        self, latent: Complex[Array, "*batch latent"]
    ) -> Float[Array, "*batch state"]:
        """D: latent to standardised state."""
        return self.decoder(unpack(latent))

    def drive(
        self, actions: Float[Array, "*batch action"]
    ) -> Complex[Array, "*batch latent"]:
        """B̄ ψ(a): what standardised actions add to each mode."""
        return to_complex(self.drive_rows(actions))

    def advance(
        self,
        start: Complex[Array, " latent"],
        drive: Complex[Array, "time latent"],
    ) -> Complex[Array, "time latent"]:
        """Unroll one sequence: x[1..time]."""
        return to_complex(self.advance_rows(to_rows(start), to_rows(drive)))

    def reward(
        self,
        latent: Complex[Array, "*batch latent"],
        actions: Float[Array, "*batch action"],
    ) -> Float[Array, "*batch"]:
        """R: standardised reward of a step, from the latent it led to and its action."""
        return self.reward_parts(unpack(latent), actions)


def _initial_gain(
    spectrum: Eigenvalues, config: ModelConfig
) -> Float[Array, " latent"]:
    # Under white unit input the variance of mode j is |B̄_j|² / (1 - |λ_j|²); gains of
    # √(1 - |λ_j|²) make it 1. Source: Orvieto et al. 2023, arXiv:2303.06349 (γ of the LRU).
    if not config.input_normalisation:
        return jnp.zeros(config.latent_dim)
    variance = jnp.maximum(-jnp.expm1(2 * jnp.real(spectrum.log())), 1e-6)
    hold = jnp.maximum(jnp.abs(spectrum.hold()), 1e-3 * spectrum.time_step())
    return 0.5 * jnp.log(variance) - jnp.log(hold)
