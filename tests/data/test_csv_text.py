import pytest

from koopcli.data.csv_text import layout
from koopcli.errors import DataError


@pytest.mark.parametrize(
    ("text", "separator", "names", "skip", "decimal"),
    [
        ("t,y,u\n0,1,2\n", ",", ("t", "y", "u"), 1, "."),
        ('"V1","V2",\n1,2,\n', ",", ("V1", "V2", "2"), 1, "."),
        (",y,u\n0,1,2\n", ",", ("0", "y", "u"), 1, "."),
        ("t,y\n0,1,\n0,2,\n", ",", ("t", "y", ""), 1, "."),
        ("0,1,2\n3,4,5\n", ",", ("0", "1", "2"), 0, "."),
        ("# a\n\n% b\nt;y\n0;1,5\n", ";", ("t", "y"), 4, ","),
        ("t\ty\n0\t1\n", "\t", ("t", "y"), 1, "."),
        ("  1.0   2e-3\n  2.0 -1\n", " ", ("0", "1"), 0, "."),
        ("y\n1\n2\n", ",", ("y",), 1, "."),
        ("nan,1\n2,3\n", ",", ("0", "1"), 0, "."),
        ("\ufefft,y\n0,1\n", ",", ("t", "y"), 1, "."),
    ],
)
def test_the_layout_is_found_out(tmp_path, text, separator, names, skip, decimal):
    path = tmp_path / "x.csv"
    path.write_text(text, encoding="utf-8")
    found = layout(path)
    assert (found.separator, found.names) == (separator, names)
    assert (found.skip, found.decimal) == (skip, decimal)


def test_a_long_file_is_judged_by_its_beginning(tmp_path):
    (tmp_path / "x.csv").write_text("a,b\n" + "1,2\n" * 100_000)
    assert layout(tmp_path / "x.csv").names == ("a", "b")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "holds no rows"),
        (b"# only\n\n", "holds no rows"),
        (b"t,y\0\n", "not a text file"),
        (b"y,y\n1,2\n", "two columns are called 'y'"),
    ],
)
def test_what_is_no_table_is_refused(tmp_path, content, message):
    (tmp_path / "x.csv").write_bytes(content)
    with pytest.raises(DataError, match=message):
        layout(tmp_path / "x.csv")
