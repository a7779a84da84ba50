import io

import numpy as np
import pytest

from koopcli.errors import DataError, ModelError
from koopcli.evaluate import inputs


@pytest.fixture
def csv_file(tmp_path):
    def write(text):
        path = tmp_path / "a.csv"
        path.write_text(text)
        return path

    return write


@pytest.fixture
def array_file(tmp_path):
    def write(array, suffix=".npy"):
        path = tmp_path / f"a{suffix}"
        np.save(path, array) if suffix == ".npy" else np.savez(path, only=array)
        return path

    return write


def test_csv_without_header(csv_file):
    table = inputs.read(csv_file("1,2\n3,4.5\n\n"))
    assert table.values.tolist() == [[1, 2], [3, 4.5]]
    assert table.names is None


def test_csv_columns_are_matched_by_name(csv_file):
    path = csv_file("v, x\n1,2\n")
    values = inputs.columns(inputs.read(path), ("x", "v"), path)
    assert values.tolist() == [[2, 1]]


def test_csv_with_other_names_is_refused(csv_file):
    path = csv_file("v,z\n1,2\n")
    with pytest.raises(ModelError, match="columns are v, z; the model needs x, v"):
        inputs.columns(inputs.read(path), ("x", "v"), path)


@pytest.mark.parametrize("suffix", [".npy", ".npz"])
def test_arrays(array_file, suffix):
    path = array_file(np.ones((3, 2), np.float32), suffix)
    assert inputs.read(path).values.shape == (3, 2)


def test_a_flat_array_is_one_row_or_one_column(array_file):
    path = array_file(np.arange(3.0))
    table = inputs.read(path)
    assert inputs.columns(table, ("a", "b", "c"), path).shape == (1, 3)
    assert inputs.columns(table, ("a",), path).shape == (3, 1)


def test_a_wrong_number_of_columns_is_refused(array_file):
    path = array_file(np.ones((3, 2)))
    with pytest.raises(ModelError, match="has 2 columns, the model needs 1: u"):
        inputs.columns(inputs.read(path), ("u",), path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "holds no numbers"),
        ("x,v\n", "holds no numbers"),
        ("1,2\n3\n", "rows of different lengths"),
        ("1,2\n3,x\n", "cannot read it as csv"),
        ("x\n1,2\n", "1 column names for 2 columns"),
        ("1,2\n3,nan\n", "NaN or infinite value in row 1, column 1"),
    ],
)
def test_bad_csv_is_named(csv_file, text, message):
    with pytest.raises(DataError, match=message):
        inputs.read(csv_file(text))


def test_pickles_are_refused(array_file):
    path = array_file(np.array([{"a": 1}], dtype=object))
    with pytest.raises(DataError, match="cannot read it as npy"):
        inputs.read(path)


def test_three_dimensions_and_words_are_refused(array_file):
    with pytest.raises(DataError, match="one or two dimensions"):
        inputs.read(array_file(np.ones((1, 2, 3))))
    with pytest.raises(DataError, match="expected numbers"):
        inputs.read(array_file(np.array(["a"])))


def test_an_npz_with_two_arrays_is_ambiguous(tmp_path):
    path = tmp_path / "a.npz"
    np.savez(path, a=np.ones(2), b=np.ones(2))
    with pytest.raises(DataError, match="holds 2 arrays, expected one"):
        inputs.read(path)


def test_damaged_and_missing_and_foreign_files_are_named(tmp_path):
    (tmp_path / "a.npz").write_bytes(b"PK\x03\x04 not a zip")
    with pytest.raises(DataError, match="cannot read it as npz"):
        inputs.read(tmp_path / "a.npz")
    with pytest.raises(DataError, match=r"none\.csv: cannot read"):
        inputs.read(tmp_path / "none.csv")
    with pytest.raises(DataError, match=r"must end in one of \.csv"):
        inputs.read(tmp_path / "a.txt")


def test_a_truncated_array_is_named(tmp_path):
    content = io.BytesIO()
    np.save(content, np.ones(100))
    (tmp_path / "a.npy").write_bytes(content.getvalue()[:-80])
    with pytest.raises(DataError, match="cannot read it as npy"):
        inputs.read(tmp_path / "a.npy")
