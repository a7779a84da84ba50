import enum
import inspect

from koopcli.config import choices


def test_choices_are_typed_as_they_are_printed():
    kinds = [
        kind
        for _, kind in inspect.getmembers(choices, inspect.isclass)
        if issubclass(kind, enum.StrEnum) and kind is not enum.StrEnum
    ]
    assert len(kinds) > 10
    for kind in kinds:
        for choice in kind:
            assert str(choice) == choice.value == choice.value.lower()
