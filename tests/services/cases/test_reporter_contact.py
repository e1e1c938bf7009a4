"""Of a number only its last digits are left."""

from services.cases.reporter_contact import mask


def test_of_a_short_number_less_is_left() -> None:
    assert [mask(phone) for phone in ("12345", "+86 139 8765 4321", "8765432")] == ["***45", "*********4321", "*****32"]
