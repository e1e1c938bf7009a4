"""Text in one form: what people type, paste and copy, and what becomes of it."""

import pytest

from models.text import clean_code, clean_line, clean_search, clean_text, escape_controls, find_control, fold_for_search

PROSE = {
    "width of letters and digits": ("ＡＢ１２３号井盖", "AB123号井盖"),
    "Chinese punctuation stays": ("占用通道，已劝导（两次）！", "占用通道，已劝导（两次）！"),
    "superscripts and units stay": ("10² m², ①号, 36℃, ½", "10² m², ①号, 36℃, ½"),
    "half-width kana": ("ｶﾞｽ漏れ", "ガス漏れ"),
    "radicals out of a PDF file": ("⼈民⼤街", "人民大街"),
    "ligature": ("oﬃce", "office"),
    "mathematical letters": ("𝐀𝟏", "A1"),
    "composed": ("Cafe\u0301", "Café"),
    "zero-width signs": ("井\u200b盖\u2060丢\ufeff失", "井盖丢失"),
    "soft hyphen": ("Schacht\u00addeckel", "Schachtdeckel"),
    "bidi override": ("\u202eexe.井盖\u202c", "exe.井盖"),
    "marks of a copied contact": ("\u202a张三\u202c", "张三"),
    "spaces of all kinds": ("井盖\u3000\u00a0\t\u2003丢失 ", "井盖 丢失"),
    "CRLF": ("一\r\n二\r三", "一\n二\n三"),
    "breaks of other programs": ("一\v二\f三\u2028四\u0085五", "一\n二\n三\n四\n五"),
    "many empty lines": ("一\n\n\n \n二", "一\n\n二"),
    "family emoji": ("👨\u200d👩\u200d👧", "👨\u200d👩\u200d👧"),
    "emoji with its selector": ("🛠\ufe0f", "🛠\ufe0f"),
    "stray joiner": ("井\u200d盖\u200c", "井盖"),
    "Persian joiner": ("می\u200cخواهم", "می\u200cخواهم"),
    "ideograph with its variant": ("葛\U000e0100城", "葛\U000e0100城"),
    "rare ideographs": ("𠮷𰻝", "𠮷𰻝"),
    "only spaces": ("\u3000 \u00a0", ""),
    "only zero-width signs": ("\u200b\u200d\u2060\ufeff", ""),
    "only fillers": ("\u3164\u115f\u2800\uffa0", ""),
    "only a mark": ("\u0301", ""),
    "only a selector": ("\ufe0f", ""),
    "only bidi controls": ("\u202e\u2066\u200f", ""),
    "only tags": ("\U000e0041\U000e007f", ""),
}
CODES = {
    "full width": ("１３０１７２＿ａ", "130172_a"),
    "any dash": ("A—1－2‐3−4", "A-1-2-3-4"),
    "invisible signs and spaces": ("\ufeff 0103\u200b\u202c ", "0103"),
    "circled digits": ("①", "1"),
}
SEARCHED = {
    "case": ("LED灯", "led灯"),
    "width": ("ＬＥＤ　灯", "led 灯"),
    "punctuation": ("（南门）", "(南门)"),
    "invisible": ("井\u200b盖", "井盖"),
    "sharp s": ("Straße", "strasse"),
}
REFUSED = ["\x00", "\x07", "\x08", "\x1b", "\x7f", "\x9b", "\ufffe", "\U0001ffff", "\ufdd0"]
TAKEN = ["\n", "\r\n", "\t", "\v", "\f", "\u0085", "\u2028", "\ue000", "\u00a0"]


@pytest.mark.parametrize("name", PROSE)
def test_prose(name: str) -> None:
    typed, form = PROSE[name]
    assert clean_text(typed) == form
    assert clean_text(form) == form
    assert clean_line(typed) == " ".join(form.split())


@pytest.mark.parametrize("name", CODES)
def test_codes(name: str) -> None:
    typed, form = CODES[name]
    assert clean_code(typed) == form


@pytest.mark.parametrize("name", SEARCHED)
def test_folded_for_search(name: str) -> None:
    typed, form = SEARCHED[name]
    assert fold_for_search(typed) == form


def test_control_characters() -> None:
    assert [find_control(f"井{sign}盖") for sign in REFUSED] == REFUSED
    assert [find_control(f"井{sign}盖") for sign in TAKEN] == [None] * len(TAKEN)


def test_a_terminal_is_not_driven() -> None:
    assert escape_controls("井盖\x08\x1b[31m\x9b2J\u202e\n\t") == "井盖\\x08\\x1b[31m\\x9b2J\\u202e\n\t"
    assert escape_controls("a\rb\x07") == "a\\rb\\x07"


def test_what_is_typed_into_a_search_box() -> None:
    assert clean_search(" 井盖\u200b\n丢失 ") == "井盖 丢失"
    assert clean_search("井\x00盖") == ""
