from koopcli.data.names import ALIASES


def test_no_name_means_two_things():
    names = [name for aliases in ALIASES.values() for name in aliases]
    assert len(set(names)) == len(names)
    assert all(aliases[0] == part for part, aliases in ALIASES.items())
