"""Only the last digits of a phone number are shown."""

from services.cases.reporter_contact import mask


def test_fewer_digits_of_a_short_number_are_shown() -> None:
    assert [mask(phone) for phone in ("12345", "+86 139 8765 4321", "8765432")] == ["***45", "*********4321", "*****32"]
