from dataclasses import replace

from report_parts import COMMAND, EVIL

from koopcli.report import repeating
from koopcli.report.blocks import Text


def test_the_protocol_is_complete(material):
    errors, modes = repeating.protocol(material).blocks
    rows = {row[0]: row[1] for row in errors.rows}
    document = material.held.evaluation.protocol.document()
    assert {name.replace("_", " ") for name in document} == set(rows)
    assert rows["horizons"] == "1, 5"
    assert rows["teacher forcing"] == "none"
    assert ["tolerance", "0.05"] in [list(row) for row in modes.rows]


def test_without_data_there_is_no_protocol(bare):
    assert repeating.protocol(bare).blocks == (
        Text("No data were given: add --data DATA."),
    )


def test_the_environment_of_training_and_report(material):
    (table,) = repeating.environment(material).blocks
    assert table.columns == ("what", "run <b>", "model.eqx", "this report")
    rows = {row[0]: row[1:] for row in table.rows}
    here = material.environment["versions"]["jax"]
    assert rows["versions: jax"] == ["0.10", "-", here]
    assert "command" not in rows


def test_the_exact_commands(material):
    exact, parts, unknown = repeating.commands(material).blocks
    assert exact.commands == (
        ("trained run <b>", f"koopcli train '{EVIL}.h5' --output run"),
        ("made this report", COMMAND),
    )
    said = dict(parts.blocks[0].commands)
    run, data = material.runs[0].path, material.held.path
    assert said["faults in the data"] == f"koopcli doctor {data}"
    # A path with spaces and brackets is quoted for the shell.
    assert said["errors"].startswith(f"koopcli eval '{run}' ")
    assert "--horizons 1,5 --output evaluation" in said["errors"]
    assert said["the spectrum"].startswith(
        f"koopcli inspect-eigenvalues '{run}' --data"
    )
    assert unknown == Text("How it was trained is not recorded: model.eqx.")


def test_a_resumed_run_has_all_its_commands(bare):
    (run,) = bare.runs
    record = run.record | {"resumed": [{"command": "koopcli train --resume run"}, 3]}
    again = replace(bare, runs=(replace(run, record=record),))
    commands = repeating.commands(again).blocks[0].commands
    assert [what for what, _ in commands] == ["trained alone"] * 2 + [
        "made this report"
    ]
    assert repeating._dicts("nonsense") == []
