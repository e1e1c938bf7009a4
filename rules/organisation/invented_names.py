"""Invented names of people and enterprises, for demonstrations; any likeness is chance.

Each name depends only on a number, so that a demonstration always has the same names.
"""

_SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕"
_FIRST = "文志建海春国玉明秀晓立永俊佳思雨雪红丽振"
_SECOND = "华平军强芳敏静涛超霞娟磊洋勇艳杰琳斌宁颖"

_BRAND_FIRST = "恒瑞泰宏盛鑫润昌华嘉诚永凯德源兴博正佳悦"
_BRAND_SECOND = "泽峰达远和信隆安康利源博邦科宇成业丰捷祺"


def person_name(number: int) -> str:
    """An invented full name; different for the first 16,000 numbers from 0."""
    surname = _SURNAMES[number % len(_SURNAMES)]
    rest = number // len(_SURNAMES)
    first = _FIRST[(rest + number * 7) % len(_FIRST)]
    second = _SECOND[(rest // len(_FIRST) + number * 3) % len(_SECOND)]
    return surname + first + second


def enterprise_name(number: int, trade: str) -> str:
    """An invented enterprise of that trade; different for every number from 0."""
    size = len(_BRAND_FIRST)
    row, round_ = number % size, number // size
    brand = _BRAND_FIRST[row] + _BRAND_SECOND[(row * 7 + round_) % size]
    again = round_ // size
    return f"{brand}{trade}有限公司" + (f"第{again + 1}分公司" if again else "")
