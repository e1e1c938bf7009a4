"""What a case is told from outside, in sentences."""

from datetime import datetime

import pytest

from services.wording.informed import informed_text


@pytest.mark.parametrize(
    ("number", "zh", "en"),
    [
        ("A-17", "已移交 蓝天公司,对方编号 A-17", "Handed over to 蓝天公司, there as A-17"),
        ("handover-0b5", "已向 蓝天公司 发出一次性链接", "蓝天公司 was sent one-time links"),
        ("desk", "蓝天公司 的一次性链接已生成,由受理台转交", "the desk passes them on"),
    ],
)
def test_a_partner_without_a_system_has_no_number_there(number: str, zh: str, en: str) -> None:
    """Also in what was recorded before: nobody of theirs has taken it in when the links are sent."""
    body = {"what": "handover_sent", "values": {"receiver": "蓝天公司", "far_id": number}}
    for language, said in (("zh", zh), ("en", en)):
        assert informed_text(body, language, datetime.isoformat).endswith(said)
