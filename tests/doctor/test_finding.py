from koopcli.doctor.finding import Finding, Place, Severity, worst_first


def finding(severity, what):
    return Finding(check="x", severity=severity, what=what, advice="")


def test_worst_first_keeps_the_order_of_equals():
    found = [
        finding(Severity.REMARK, "a"),
        finding(Severity.ERROR, "b"),
        finding(Severity.WARNING, "c"),
        finding(Severity.ERROR, "d"),
    ]
    assert [f.what for f in worst_first(iter(found))] == ["b", "d", "c", "a"]


def test_a_place_in_words():
    assert str(Place(episode=3, step=0, column="x")) == "episode 3, step 0, column x"
    assert str(Place(column="x", source="file")) == "column x"
    assert str(Place()) == ""
