"""Two damped oscillators with inputs, seen through a random mixing matrix, and recordings.

These are of unequal length and may miss steps: such holes are only visible in
`next_observations`.
"""

import h5py
import numpy as np

DT = 0.05
MODES = ((0.99, 0.35), (0.97, 1.1))  # modulus and radians per step


def plant(rng):
    blocks = np.zeros((4, 4))
    for i, (modulus, angle) in enumerate(MODES):
        turn = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
        blocks[2 * i : 2 * i + 2, 2 * i : 2 * i + 2] = modulus * np.array(turn)
    mixing = rng.normal(size=(4, 4))
    return mixing @ blocks @ np.linalg.inv(mixing), 0.3 * rng.normal(size=(4, 2))


def write(path, matrices, rng, *, episodes, missing):
    names = ("observations", "actions", "next_observations", "terminals", "timeouts")
    rows = {name: [] for name in names}
    for _ in range(episodes):
        length, state = int(rng.integers(210, 400)), rng.normal(size=4)
        for step in range(length):
            action = rng.normal(size=2)
            following = matrices[0] @ state + matrices[1] @ action
            last = step == length - 1
            if last or rng.random() > missing:
                row = (state, action, following, False, last)
                for name, value in zip(names, row, strict=True):
                    rows[name].append(value)
            state = following
    with h5py.File(path, "w") as file:
        for name, values in rows.items():
            file[name] = np.array(values)
    return path
