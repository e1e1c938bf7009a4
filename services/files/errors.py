"""Errors about input from outside that can't be used, in both languages."""


class Unusable(ValueError):
    """A file, a row or a request that can't be used; says why in Chinese (`zh`) and in English (`en`, also its
    text).
    """

    def __init__(self, zh: str, en: str) -> None:
        self.zh, self.en = zh, en
        super().__init__(en)
