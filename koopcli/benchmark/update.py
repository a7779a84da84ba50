"""The update step of training, compiled for one model, horizon and batch size."""

import time

import equinox as eqx
import jax
import jax.numpy as jnp

from koopcli.benchmark import memory
from koopcli.benchmark.operations import operations
from koopcli.benchmark.timing import Work
from koopcli.config.training import RunConfig
from koopcli.model.dynamics import DynamicsModel
from koopcli.train import optimizer
from koopcli.train.batches import sampling_key
from koopcli.train.step import Build, Data, initial_state, make_dispatch


class Update:
    """What `koopcli train` runs on the device; each call goes on from the last."""

    def __init__(
        self,
        config: RunConfig,
        model: DynamicsModel,
        data: Data,
        build: Build | None = None,
    ):
        """Compile, without running.

        Args:
            config: All settings of a run.
            model: Where training starts.
            data: What it trains on.
            build: The optimiser.
        """
        parameters, self.frozen = eqx.partition(model, optimizer.trainable(model))
        # A copy: the step gives its input back to the device.
        copies = jax.tree.map(jnp.copy, parameters)
        self.state = initial_state(copies, config, build)
        self.data, self.key = data, sampling_key(config.train.seed)
        self.most = config.train.dispatch_steps
        self._dispatch = make_dispatch(config, build=build)
        begin = time.perf_counter()
        lowered = jax.jit(self._dispatch, donate_argnums=0).lower(*self._arguments(1))
        self.compiled = lowered.compile()
        self.compile_seconds = time.perf_counter() - begin

    def _arguments(self, count: int) -> tuple:
        return self.state, self.frozen, self.data, self.key, jnp.int32(count)

    def run(self, count: int) -> None:
        """Take `count` steps, in one call, and fetch what training fetches."""
        self.state, record = self.compiled(*self._arguments(count))
        jax.device_get((record.means, record.skipped))

    def work(self, seconds: float) -> Work:
        """Return so many steps that they take about `seconds`; runs some."""
        self.run(1)
        begin = time.perf_counter()
        self.run(1)
        each = time.perf_counter() - begin
        count = max(1, min(self.most, round(seconds / max(each, 1e-9))))
        return Work(lambda: self.run(count), count)

    def operations(self) -> float:
        """Return the floating point operations of one step."""
        return operations(self._dispatch, *self._arguments(1))

    def bytes(self) -> int | None:
        """Return the memory it takes, by XLA's account."""
        return memory.program_bytes(self.compiled)
