import json

import numpy as np
import pytest
from scipy.io import loadmat

from koopcli.errors import ConfigError
from koopcli.spectrum import export_linear, linear_form


@pytest.fixture
def form(exact):
    return linear_form.of(exact)


def reload_and_roll_out(file, state, actions):
    """As docs/spectrum.md shows it."""
    x = file["E"] @ state + file["e"].ravel()
    states = []
    for action in actions:
        x = file["eigenvalues"].ravel() * x + file["B"] @ action + file["b"].ravel()
        states.append((file["C"] @ x).real + file["d"].ravel())
    return np.array(states)


def from_json(path):
    content = json.loads(path.read_text())
    for name in ("eigenvalues", "B", "b", "C", "E", "e"):
        real, imag = content.pop(f"{name}_real"), content.pop(f"{name}_imag")
        content[name] = np.array(real) + 1j * np.array(imag)
    return content | {"d": np.array(content["d"])}


@pytest.mark.parametrize(
    ("suffix", "reader"), [("npz", np.load), ("mat", loadmat), ("json", from_json)]
)
def test_a_reload_reproduces_the_rollout(
    tmp_path, exact, form, plant_data, suffix, reader
):
    path = tmp_path / f"model.{suffix}"
    export_linear.write(path, form, exact.meta)
    file = reader(path)
    rolled = reload_and_roll_out(
        file, plant_data.observations[0], plant_data.actions[:20]
    )
    assert rolled == pytest.approx(plant_data.observations[1:21], abs=1e-3)
    assert float(np.ravel(file["dt"])[0]) == 0.1
    assert bool(np.ravel(file["C_exact"])[0])


def test_names_travel(tmp_path, exact, form):
    export_linear.write(tmp_path / "m.mat", form, exact.meta)
    file = loadmat(tmp_path / "m.mat", simplify_cells=True)
    assert list(file["observation_names"]) == list("abcdef")
    export_linear.write(tmp_path / "m.json", form, exact.meta)
    content = json.loads((tmp_path / "m.json").read_text())
    assert content["schema"] == "koopcli.linear/1"
    assert content["action_names"] == ["u", "v"]


def test_another_suffix_is_refused(tmp_path):
    with pytest.raises(ConfigError, match=r"is written as \.npz, \.mat, \.json"):
        export_linear.check_format(tmp_path / "model.csv")
