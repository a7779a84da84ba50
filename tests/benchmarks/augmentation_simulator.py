"""One-step error of augmented transitions in the true simulator, beside noise.

For the accepted samples of files of `koopcli augment`: the simulator is set to the
augmented state, takes the recorded (or re-labelled) action, and the state it arrives at is
compared with the augmented next state. Beside it, from the same sources and of the same
size: `rigid`, one random shift of s and s' together, and `noise`, independent ones (S4RL).
`recorded` is the same for the sources as they are: what differs between the simulator that
made the data and this one.

    pip install "gymnasium[mujoco]"        (koopcli itself is not needed)
    python tests/benchmarks/augmentation_simulator.py Hopper-v5 hopper.h5 a1.h5 a2.h5 ...

Errors and shifts are root mean squares over columns, in training standard deviations; the
table has the median and, in brackets, the root mean square over samples.
"""

import argparse
import json

import gymnasium
import h5py
import numpy as np

CLIPPED = {"Hopper-v5": 10.0}
"""Velocities beyond this are cut in observations: such states cannot be set."""


class Simulator:
    def __init__(self, name):
        self.env = gymnasium.make(name).unwrapped
        self.env.reset(seed=0)
        self.positions = self.env.model.nq
        self.limit = CLIPPED.get(name, np.inf)

    def known(self, state):
        return np.abs(state[self.positions - 1 :]).max() < self.limit

    def step(self, state, action):
        # The observation lacks the root's x, on which nothing depends.
        state = state.astype(np.float64)
        positions = np.concatenate([[0.0], state[: self.positions - 1]])
        self.env.data.qacc_warmstart[:] = 0
        self.env.set_state(positions, state[self.positions - 1 :])
        return self.env.step(action.astype(np.float64))[0]

    def errors(self, rows, scale):
        return np.array(
            [
                np.sqrt(np.mean(((self.step(s, a) - following) / scale) ** 2))
                for s, a, following in zip(*rows, strict=True)
            ]
        )


def samples(file, data, count, simulator):
    """Sources and accepted moves, spread over the file: (s, a, s') of both."""
    record = {name: values[()] for name, values in file["augmentation"].items()}
    good = np.flatnonzero(record["accepted"])
    chosen = good[np.linspace(0, len(good) - 1, min(count, len(good))).astype(int)]
    data, moved = columns_of(data), columns_of(file)
    old, new = [], []
    for place, row in enumerate(chosen):
        step = place % int(record["steps"][row])
        first = int(record["source_step"][row]) + step
        before = transition(data, int(record["source_episode"][row]), first)
        after = transition(moved, int(record["episode"][row]), step)
        if simulator.known(before[0]) and simulator.known(before[2]):
            old.append(before)
            new.append(after)
    return [[np.array(part) for part in zip(*rows, strict=True)] for rows in (old, new)]


def columns_of(file):
    """What is read at random, in memory."""
    tables = ("episodes/observation_start", "episodes/step_start")
    return {name: file[name][()] for name in (*tables, "observations", "actions")}


def transition(file, episode, step):
    row = int(file["episodes/observation_start"][episode]) + step
    start = int(file["episodes/step_start"][episode]) + step
    observations = file["observations"][row : row + 2]
    return observations[0], file["actions"][start], observations[1]


def measure(path, data, simulator, count):
    with h5py.File(path) as file:
        about = json.loads(file.attrs["provenance"])["augmentation"]
        old, new = samples(file, data, count, simulator)
    scale = data["statistics/observations/std"][()]
    shift = np.sqrt(np.mean(((new[0] - old[0]) / scale) ** 2, axis=1))
    random = np.random.default_rng(0)
    # Of the size of each sample's own shift, in a random direction.
    noise = random.normal(size=(2, *old[0].shape))
    noise *= (shift / np.sqrt(np.mean(noise**2, axis=2)))[..., None] * scale
    rigid = (old[0] + noise[0], old[1], old[2] + noise[0])
    apart = (old[0] + noise[0], old[1], old[2] + noise[1])
    settings = about["settings"]
    return {
        "mode": f"{settings['mode']}, {settings['unit']}, {settings['directions']}",
        "scale": about["checks"]["scale"],
        "accepted": about["checks"]["accepted"],
        "residual": about["checks"]["residual_ratio"],
        "judge": about["checks"]["judge_ratio"],
        "samples": len(shift),
        "shift": shift,
        "recorded": simulator.errors(old, scale),
        "augmented": simulator.errors(new, scale),
        "rigid": simulator.errors(rigid, scale),
        "noise": simulator.errors(apart, scale),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("environment")
    parser.add_argument("data")
    parser.add_argument("augmented", nargs="+")
    parser.add_argument("--count", type=int, default=1000)
    arguments = parser.parse_args()
    simulator = Simulator(arguments.environment)
    columns = ["shift", "recorded", "augmented", "rigid", "noise"]
    names = ["mode", "scale", "accepted", "own ratio", "judge", "samples", *columns]
    print("| " + " | ".join(names) + " |")
    print("|" + "---|" * len(names))
    with h5py.File(arguments.data) as data:
        for path in arguments.augmented:
            row = measure(path, data, simulator, arguments.count)
            judge = "-" if row["judge"] is None else f"{row['judge']:.2f}"
            cells = [row["mode"], f"{row['scale']:.3g}", f"{row['accepted']:.0%}"]
            cells += [f"{row['residual']:.2f}", judge, str(row["samples"])]
            for name in columns:
                value = row[name]
                size = np.sqrt(np.mean(value**2))
                cells.append(f"{np.median(value):.2g} ({size:.2g})")
            print("| " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
