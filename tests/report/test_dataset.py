from dataclasses import replace

from report_parts import EVIL

from koopcli.doctor.finding import Finding, Place, Severity
from koopcli.report import dataset
from koopcli.report.blocks import Lines, Text


def test_the_file_is_summarised(material):
    facts, doctor, columns = dataset.section(material).blocks
    rows = {row[0]: row[1] for row in facts.rows}
    assert rows["episodes"] == "3, of 20 to 30 steps"
    assert rows["steps"] == "75"
    assert rows["time step"] == "0.1 s (10 Hz)"
    assert rows["splits, episodes"] == "train 1; val 0; test 2"
    assert doctor.blocks[0].text.startswith("3 episodes examined: errors ")
    assert columns.folded
    kinds = [row[1] for row in columns.blocks[0].rows]
    assert kinds == ["observation"] * 3 + ["action", "reward"]
    assert columns.blocks[0].rows[0][0] == EVIL


def test_findings_say_what_where_and_what_to_do(material):
    places = tuple(Place(episode=n, step=7) for n in range(4))
    finding = Finding(
        check="jumps", severity=Severity.WARNING, what="jumps", advice="look",
        count=9, places=places,
    )  # fmt: skip
    diagnosis = replace(material.held.diagnosis, findings=(finding,))
    held = replace(material.held, diagnosis=diagnosis)
    doctor = dataset.section(replace(material, held=held)).blocks[1]
    assert doctor.blocks[1] == Lines(
        (
            "jumps: jumps (episode 0, step 7; episode 1, step 7; episode 2, step 7; "
            "and 6 more). To do: look",
        ),
        "warning",
    )


def test_a_finding_may_have_no_place():
    finding = Finding(check="c", severity=Severity.ERROR, what="w", advice="a")
    assert dataset._sentence(finding) == "c: w. To do: a"


def test_without_data_it_says_so(bare):
    (text,) = dataset.section(bare).blocks
    assert text == Text("No data were given: add --data DATA.")
