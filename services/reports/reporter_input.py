"""Who reported, as a door accepts it: how to reach them, and whether they chose to be told."""

from typing import Annotated, Literal, Self

from pydantic import StringConstraints, model_validator

from models.base import Frozen, Line, Phone, fault
from models.channels import PersonsMail
from models.phone import mobile_of
from models.reporter_messages import TellBy


class ReporterInput(Frozen):
    """The reporter, if somebody else than the caller. Kept apart from everything else, shown to nobody.

    `tell_by`: they agreed to be told by SMS to their mobile phone, or by mail, when their report is accepted, pauses,
    and ends. `language`: the one of these messages.
    """

    name: Annotated[Line, StringConstraints(max_length=80)] | None = None
    phone: Phone | None = None
    mail: PersonsMail | None = None
    tell_by: TellBy | None = None
    language: Literal["zh", "en"] = "zh"
    anonymous: bool = False

    @model_validator(mode="after")
    def _reachable(self) -> Self:
        if self.tell_by is TellBy.MAIL and self.mail is None:
            raise fault("请填写电子邮箱", "an e-mail address is missing")
        if self.tell_by is TellBy.SMS and mobile_of(self.phone or "") is None:
            raise fault("请填写能收短信的手机号", "a mobile number that takes SMS is missing")
        return self
