import json

import pytest

from koopcli.errors import ModelError
from koopcli.model import container

PARTS = {"first": b"abc", "second": b"", "third": b"\n\x00de"}


@pytest.fixture
def path(tmp_path):
    container.write(tmp_path / "file", {"format": "x"}, PARTS)
    return tmp_path / "file"


def part(path, name):
    with open(path, "rb") as file:
        return container.read_part(path, file, container.read_header(file), name)


def test_every_part_comes_back_whatever_the_order(path):
    for name in ("third", "first", "second"):
        assert part(path, name) == PARTS[name]
    assert part(path, "fourth") is None


def test_the_header_keeps_what_it_was_given(path):
    with open(path, "rb") as file:
        assert container.read_header(file)["format"] == "x"


@pytest.mark.parametrize("content", [b"", b"\x89PNG\n", b"[1]\n", b"[" * 10**6 + b"\n"])
def test_a_first_line_that_is_no_object_is_no_header(tmp_path, content):
    (tmp_path / "file").write_bytes(content)
    with open(tmp_path / "file", "rb") as file:
        assert container.read_header(file) is None


@pytest.mark.parametrize("change", [lambda c: c[:-1], lambda c: c + b"x"])
def test_a_file_of_another_length_is_refused(path, change):
    path.write_bytes(change(path.read_bytes()))
    with pytest.raises(ModelError, match=r"damaged: holds \d bytes, its header says 7"):
        part(path, "first")


def test_a_flipped_bit_is_found_in_its_own_part(path):
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(bytes(content))
    assert part(path, "first") == b"abc"
    with pytest.raises(ModelError, match="the third part fails its checksum"):
        part(path, "third")


@pytest.mark.parametrize("parts", [None, 3, {"first": 1}, {"first": {"bytes": "x"}}])
def test_a_header_without_a_list_of_parts_is_damaged(path, parts):
    header = json.loads(path.read_bytes().split(b"\n")[0]) | {"parts": parts}
    path.write_bytes(json.dumps(header).encode() + b"\nabc")
    with pytest.raises(ModelError, match="no list of parts"):
        part(path, "first")


def test_negative_sizes_that_add_up_are_refused(path):
    sizes = {
        "first": {"bytes": 10, "sha256": ""},
        "second": {"bytes": -7, "sha256": ""},
    }
    path.write_bytes(json.dumps({"parts": sizes}).encode() + b"\nabc")
    with pytest.raises(ModelError, match="damaged"):
        part(path, "first")
