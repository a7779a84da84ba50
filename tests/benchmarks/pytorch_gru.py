"""Gradient updates per second of koopcli's models against a GRU written in PyTorch.

pip install torch
python tests/benchmarks/pytorch_gru.py [--models koopman,gru] [--horizon 100]
    [--batch-size 256] [--params 300000] [--repeats 5]

The PyTorch model is what a user would write: `nn.GRU` over the actions of a window, its
first hidden state from the first observation, a two-layer head that reads the next state
and the reward from every hidden state; AdamW, gradients clipped to norm 1, mean squares.
Its width is chosen for the number of parameters. Windows are gathered from the same amount
of made-up data. Everything has its turn in every round; both use all cores.
"""

import argparse
import time
from collections.abc import Callable

import jax
import numpy as np
import torch
from torch import nn

from koopcli.benchmark import workload
from koopcli.benchmark.timing import Work, interleaved
from koopcli.benchmark.update import Update
from koopcli.benchmark.workload import SyntheticData
from koopcli.config.benchmark import BenchmarkTrainConfig
from koopcli.config.choices import ModelKind

STATES, ACTIONS, ROWS = 17, 6, 100_000


class Gru(nn.Module):
    """States and rewards of a window from its first state and its actions."""

    def __init__(self, width: int):
        """Build it untrained."""
        super().__init__()
        self.first = nn.Linear(STATES, width)
        self.cell = nn.GRU(ACTIONS, width)
        self.head = nn.Sequential(
            nn.Linear(width, width), nn.SiLU(), nn.Linear(width, STATES + 1)
        )

    def forward(self, state: torch.Tensor, actions: torch.Tensor) -> torch.Tensor:
        """Return (time, batch, states and reward)."""
        hidden, _ = self.cell(actions, self.first(state)[None])
        return self.head(hidden)


def sized(parameters: int) -> Gru:
    """Return the model whose number of parameters is nearest."""
    widths = range(8, 1024, 8)
    return Gru(min(widths, key=lambda width: abs(count(Gru(width)) - parameters)))


def count(model: nn.Module) -> int:
    """Return its number of parameters."""
    return sum(part.numel() for part in model.parameters())


def in_pytorch(options: argparse.Namespace) -> tuple[str, Callable[[int], None]]:
    """Return what the model is, and what takes so many steps."""
    torch.manual_seed(0)
    model = sized(options.params)
    states = torch.randn(ROWS + 1, STATES)
    actions, rewards = torch.randn(ROWS, ACTIONS), torch.randn(ROWS, 1)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=1e-4)
    steps = torch.arange(options.horizon)[:, None]

    def run(updates: int) -> None:
        for _ in range(updates):
            starts = torch.randint(ROWS - options.horizon, (options.batch_size,))
            rows = starts[None] + steps
            goal = torch.cat([states[rows + 1], rewards[rows]], dim=-1)
            optimizer.zero_grad(set_to_none=True)
            loss = ((model(states[starts], actions[rows]) - goal) ** 2).mean()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
        loss.item()

    return f"pytorch nn.GRU, {count(model)} parameters", run


def in_koopcli(kind: str, options: argparse.Namespace) -> tuple[str, Update]:
    """Return what the model is, and its compiled step."""
    config = BenchmarkTrainConfig(
        models=(ModelKind(kind),),
        horizons=(options.horizon,),
        batch_size=options.batch_size,
        observation_dim=STATES,
        action_dim=ACTIONS,
        params=options.params,
    )
    dims = workload.dimensions(config)
    settings = workload.settings(ModelKind(kind), options.horizon, config)
    model = workload.model(settings, dims)
    data = SyntheticData(dims, options.horizon, key=jax.random.key(1))
    return f"koopcli {kind}", Update(settings, model, data)


def work(run: Callable[[int], None], seconds: float = 2.0) -> Work:
    """Return so many steps that they take about `seconds`; runs some."""
    run(1)
    begin = time.perf_counter()
    run(1)
    steps = max(1, round(seconds / (time.perf_counter() - begin)))
    return Work(lambda: run(steps), steps)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", default="koopman,gru")
    parser.add_argument("--horizon", type=int, default=100)
    parser.add_argument("--batch-size", type=int, default=256)
    parser.add_argument("--params", type=int, default=300_000)
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    name, run = in_pytorch(options)
    works = {name: work(run)}
    for kind in options.models.split(","):
        name, update = in_koopcli(kind, options)
        works[name] = update.work(2.0)
    timings = interleaved(list(works.values()), options.repeats)
    rival = timings[0]
    versions = f"torch {torch.__version__}, jax {jax.__version__}"
    print(f"{versions}, {torch.get_num_threads()} threads")
    for name, timing in zip(works, timings, strict=True):
        ratios = np.array(rival.wall) / np.array(timing.wall)
        spread = f"{ratios.min():.2f} to {ratios.max():.2f}"
        print(
            f"{name}: {1 / timing.median:.2f} updates per second, "
            f"{np.median(ratios):.2f} x pytorch ({spread}); "
            f"{timing.processor_median:.3f} s of processor each, "
            f"{rival.processor_median / timing.processor_median:.2f} x"
        )


if __name__ == "__main__":
    main()
