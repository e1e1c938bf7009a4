"""Decode the text files that people send: UTF-8, GB18030 (Excel in Chinese), UTF-16 (Excel's "Unicode 文本")."""

import codecs
from dataclasses import dataclass
from itertools import pairwise

from services.files.errors import Unusable

#: The first bytes that are looked at to tell UTF-16 without a byte order mark.
_SAMPLE = 4096
#: GB18030 gives nearly all bytes a meaning. A file of whose signs a larger share looks wrong is not in it.
_MAX_ODD = 0.2
#: The share of zero bytes, at even or at odd places, from which on a text without a mark is UTF-16.
_MIN_ZEROS = 0.02
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig", "UTF-8"), (codecs.BOM_UTF16_LE, "utf-16", "UTF-16"),
          (codecs.BOM_UTF16_BE, "utf-16", "UTF-16"))  # fmt: skip


@dataclass(frozen=True, slots=True)
class Decoded:
    """The text of a file, and the name of the encoding that it was in."""

    text: str
    encoding: str


class NotText(Unusable):
    """The bytes are no text in an encoding that is read. `line` counts from 1, `offset` from 0."""

    def __init__(self, content: bytes, encoding: str, offset: int) -> None:
        self.line, self.offset = content[:offset].count(b"\n") + 1, offset
        zh = f"第 {offset} 字节起不是 {encoding} 编码;请在 Excel 中另存为“CSV UTF-8(逗号分隔)”"
        super().__init__(zh, f"not {encoding} at byte {offset}; in Excel, save it as “CSV UTF-8 (comma delimited)”")


def decode(content: bytes) -> Decoded:
    """Return the text, without a byte order mark.

    A mark decides; without one UTF-8 is tried, then GB18030. UTF-16 without a mark is known by its zero bytes. Raises
    NotText.
    """
    for mark, codec, name in _MARKS:
        if content.startswith(mark):
            return _decode(content, codec, name)
    sample = content[:_SAMPLE]
    zeros = sample[1::2].count(0), sample[::2].count(0)
    if max(zeros) > _MIN_ZEROS * len(sample):
        return _decode(content, "utf-16-le" if zeros[0] > zeros[1] else "utf-16-be", "UTF-16")
    try:
        return Decoded(content.decode(), "UTF-8")
    except UnicodeDecodeError as error:
        try:
            text = content.decode("gb18030")
        except UnicodeDecodeError:
            raise NotText(content, "UTF-8", error.start) from error
        if _is_unlikely(text):
            raise NotText(content, "UTF-8", error.start) from error
        return Decoded(text, "GB18030")


def _decode(content: bytes, codec: str, name: str) -> Decoded:
    try:
        return Decoded(content.decode(codec), name)
    except UnicodeDecodeError as error:
        raise NotText(content, name, error.start) from error


def _is_unlikely(text: str) -> bool:
    """Return whether it looks like a Western file read as GB18030: rare signs, right after Latin letters."""
    beyond = sum(1 for char in text if not char.isascii())
    odd = sum(
        1
        for before, char in pairwise(f" {text}")
        if not char.isascii() and before.isascii() and before.isalpha() and not _is_common(char)
    )
    return odd > _MAX_ODD * beyond


def _is_common(char: str) -> bool:
    try:
        return bool(char.encode("gb2312"))
    except UnicodeEncodeError:
        return False
