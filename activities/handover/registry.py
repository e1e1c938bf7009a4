"""The adapter of each kind of receiver."""

from collections.abc import Mapping

from activities.handover.base import Adapter
from activities.handover.open311 import Open311
from activities.handover.partner import Partner
from activities.handover.web_service import WebService
from models.enums import OutsideKind

ADAPTERS: Mapping[OutsideKind, Adapter] = {
    OutsideKind.WEB_SERVICE: WebService(),
    OutsideKind.PARTNER: Partner(),
    OutsideKind.OPEN311: Open311(),
}
