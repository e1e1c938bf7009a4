"""The sections of the work of the park: what the page `/park` leads to, by kind of matter and besides."""

from dataclasses import dataclass

from models.enums import Role
from models.matters.base import MatterKind
from models.matters.paths import PATHS
from web.views.translation_marks import _

#: Everybody who works in the park, at a desk or outside.
STAFF = tuple(role for role in Role if role is not Role.REPORTER)


@dataclass(frozen=True)
class Section:
    """A section: its address below `/park`, its Chinese name, and what it is for, translated where they are shown."""

    path: str
    title: str
    about: str
    icon: str
    kind: MatterKind | None = None
    roles: tuple[Role, ...] = STAFF

    @classmethod
    def of(cls, kind: MatterKind, title: str, about: str, icon: str) -> "Section":
        """The section of a kind of matter, at its own address."""
        return cls(PATHS[kind], title, about, icon, kind)

    @property
    def figures(self) -> str:
        """The key of its figures on the board of the park's own work."""
        return "duties" if self.path == "duties" else str(self.kind or "")

    @property
    def href(self) -> str:
        """Its address."""
        return f"/park/{self.path}"


SECTIONS: tuple[Section, ...] = (
    Section.of(MatterKind.PLAN, _("计划"), _("班前检查、巡查、走访、志愿巡访"), "calendar"),
    Section("duties", _("勤务"), _("今日勤务、漏办与补办、负荷"), "task"),
    Section.of(MatterKind.STATION, _("监测站"), _("空气、水质、土壤、噪声的读数和超标"), "chart-line"),
    Section.of(MatterKind.EMERGENCY, _("应急处置"), _("应急预案的执行步骤和通知"), "error-triangle"),
    Section.of(MatterKind.REFERRAL_DESK, _("专业坐诊台"), _("法律顾问轮值等坐诊时间和预约"), "usergroup"),
    Section.of(MatterKind.TOPIC, _("议题"), _("收集、审核、派单"), "send"),
    Section.of(MatterKind.CLAIM, _("揭榜认领"), _("发榜、揭榜、交榜、验收"), "star"),
    Section.of(MatterKind.MEETING, _("联席会议"), _("议程、议定、纪要"), "usergroup"),
    Section.of(MatterKind.ENTERPRISE, _("企业"), _("企业名册、三色管理、涉企案件"), "home"),
    Section.of(MatterKind.UNDERTAKING, _("承诺事项"), _("履职承诺、民生实事、专项行动"), "flag"),
    Section("points", _("积分星级"), _("先锋指数、星级评定、服务之星"), "star"),
)
BY_PATH = {section.path: section for section in SECTIONS}
