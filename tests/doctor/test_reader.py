from doctor_data import view

from koopcli.data import segments, time_boundaries, timeouts
from koopcli.doctor import reader

LINES = [
    f"3 {timeouts.MISTAKEN} (first: file: episode 0)",
    f"2 {segments.HIDDEN} (first: file, after row 4)",
    f"{time_boundaries.JITTER} 0.05",
    "columns not used: note",
    "columns not used: note",
]


def test_good_data():
    assert reader.check(view()) == []


def test_what_the_reader_says_is_sorted_and_said_once():
    found = reader.check(view(lines=lambda: LINES))
    assert [(f.check, f.severity) for f in found] == [
        ("dones", "warning"),
        ("jump", "warning"),
        ("dt-jitter", "remark"),
        ("reader", "remark"),
    ]


def test_of_a_dataset_only_what_is_about_trajectories():
    found = reader.check(view(lines=lambda: LINES, is_dataset=True))
    assert [f.check for f in found] == ["dones", "jump", "dt-jitter"]


def test_an_unknown_sampling_time():
    [found] = reader.check(view(dt_known=False))
    assert found.check == "dt" and found.severity == "remark"
