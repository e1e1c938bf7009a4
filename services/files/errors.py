"""What is given from outside and can't be used, told in both languages."""


class Unusable(ValueError):
    """A file, a row or a wish that can't be used; says why in Chinese (`zh`) and in English (`en`, also its text)."""

    def __init__(self, zh: str, en: str) -> None:
        self.zh, self.en = zh, en
        super().__init__(en)
