from koopcli.compare import layout
from koopcli.compare.scores import Spread


def texts(row):
    return [cell.text for cell in row]


def test_one_table_of_costs_and_one_per_quantity(comparison):
    cost, states, rewards = layout.tables(comparison)
    assert cost.columns[:4] == ("model", "seeds", "parameters", "steps")
    assert texts(cost.rows[0]) == [
        "koopman", "2", "100", "50", "5.00 ± 1.41", "10.4 ± 2.9", "8.00 ± 0.00", "64",
        "100",
    ]  # fmt: skip
    assert texts(cost.rows[1])[:2] == ["gru", "1 of 2"]
    assert len(cost.rows) == 2
    assert states.columns == ("model", "1", "2", "4", "mean 1-4", "diverged")
    assert texts(states.rows[0])[1] == "0.200 ± 0.141"
    assert texts(states.rows[2])[3:] == ["-", "-", "25.00 %"]
    assert rewards.title.startswith("Rewards")


def test_the_best_of_each_column_is_marked(comparison):
    _, states, _ = layout.tables(comparison)
    marked = [[cell.best for cell in row] for row in states.rows]
    assert marked[0] == [False, True, False, True, True, False]
    assert marked[2] == [False, False, True, False, False, False]
    assert not any(marked[1])


def test_rankings_are_one_line_per_mean(comparison):
    assert layout.rankings(comparison) == [
        "States, mean over 4 steps: koopman 0.155",
        "Rewards, mean over 4 steps: koopman 0.0387",
    ]


def test_numbers_of_any_size():
    write = layout._plus_minus
    assert write(None, 3) == write(Spread(float("nan"), 1.0), 3) == "-"
    assert write(Spread(0.0, None), 3) == "0"
    assert write(Spread(1234.5, 10.2), 3) == "1234 ± 10"
    assert write(Spread(1.5e-7, 1e-8), 3) == "1.5e-07 ± 1e-08"
    assert write(Spread(1e9, float("inf")), 3) == "1e+09"
