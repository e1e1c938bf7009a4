"""The PostgreSQL tables, one topic per file. Never imported by workflows or rules."""

from sqlmodel import SQLModel

from models.tables.account import AdminActionRow, PersonalTokenRow, SecondFactorRow, SessionRow, SignInAttemptsRow
from models.tables.attachment import AttachmentRow, PendingUploadRow
from models.tables.audit import AuditRow
from models.tables.bulletin import BulletinRow
from models.tables.case import CaseCounterRow, CaseRow, CaseWordsRow, FactRow, TaskRow
from models.tables.channel import ChannelRow, HookSubscriptionRow, PushSubscriptionRow
from models.tables.directory import DepartmentRow, GrantRow, GridUnitRow, PersonRow
from models.tables.duty import DutyRow
from models.tables.export import ExportPieceRow, ExportRow
from models.tables.handover import HandoverAnswerRow, HandoverRow, ReceiverRow
from models.tables.history import AnchorRow, ArchivedRow, ArchiveFileRow, FactHashRow
from models.tables.mailbox import (
    MailAddressRow,
    MailboxRow,
    MailIntakeRow,
    MailItemRow,
    MailMessageRow,
    MailSettingsRow,
)
from models.tables.matter import MatterFactRow, MatterNoticeRow, MatterRow, OutboxRow
from models.tables.notice import NoticeRow
from models.tables.one_time_link import OneTimeLinkRow
from models.tables.open311 import Open311KeyRow, Open311MediaRow, Open311ReportRow
from models.tables.pages import InspectionRow, PersonSettingsRow, PolicyDraftRow, ProgressCodeRow, SavedViewRow
from models.tables.personal_data import RetentionRunRow, UnmaskLookRow
from models.tables.policy import PolicyRow
from models.tables.rate_limit import RateLimitRow
from models.tables.referral import ReferralBookingRow
from models.tables.reporter import ReporterRow
from models.tables.retired import RetiredCaseRow, RetirementRunRow
from models.tables.roster import AbsenceRow, InterestRow, OrgAlarmRow, ShiftRow
from models.tables.send import SendAttemptRow, SendRow
from models.tables.station import ReadingRow, StationRow, StationWatchRow
from models.tables.suggestion import SuggestionModelRow, SuggestionUseRow
from models.tables.worker import WorkerRow, WorkflowPlaceRow
from models.tables.zone import ZoneRow

__all__ = [
    "ABSENCES",
    "ATTACHMENTS",
    "CASES",
    "CASE_WORDS",
    "DUTIES",
    "EXPORTS",
    "EXPORT_PIECES",
    "FACTS",
    "FACT_HASHES",
    "GRID_UNITS",
    "MAIL_ITEMS",
    "MATTERS",
    "MATTER_FACTS",
    "MATTER_NOTICES",
    "NOTICES",
    "ONE_TIME_LINKS",
    "RETIRED_CASES",
    "SUGGESTION_MODELS",
    "SUGGESTION_USES",
    "TASKS",
    "ZONES",
    "AbsenceRow",
    "AdminActionRow",
    "AnchorRow",
    "ArchiveFileRow",
    "ArchivedRow",
    "AttachmentRow",
    "AuditRow",
    "BulletinRow",
    "CaseCounterRow",
    "CaseRow",
    "CaseWordsRow",
    "ChannelRow",
    "DepartmentRow",
    "DutyRow",
    "ExportPieceRow",
    "ExportRow",
    "FactHashRow",
    "FactRow",
    "GrantRow",
    "GridUnitRow",
    "HandoverAnswerRow",
    "HandoverRow",
    "HookSubscriptionRow",
    "InspectionRow",
    "InterestRow",
    "MailAddressRow",
    "MailIntakeRow",
    "MailItemRow",
    "MailMessageRow",
    "MailSettingsRow",
    "MailboxRow",
    "MatterFactRow",
    "MatterNoticeRow",
    "MatterRow",
    "NoticeRow",
    "OneTimeLinkRow",
    "Open311KeyRow",
    "Open311MediaRow",
    "Open311ReportRow",
    "OrgAlarmRow",
    "OutboxRow",
    "PendingUploadRow",
    "PersonRow",
    "PersonSettingsRow",
    "PersonalTokenRow",
    "PolicyDraftRow",
    "PolicyRow",
    "ProgressCodeRow",
    "PushSubscriptionRow",
    "RateLimitRow",
    "ReadingRow",
    "ReceiverRow",
    "ReferralBookingRow",
    "ReporterRow",
    "RetentionRunRow",
    "RetiredCaseRow",
    "RetirementRunRow",
    "SavedViewRow",
    "SecondFactorRow",
    "SendAttemptRow",
    "SendRow",
    "SessionRow",
    "ShiftRow",
    "SignInAttemptsRow",
    "StationRow",
    "StationWatchRow",
    "SuggestionModelRow",
    "SuggestionUseRow",
    "TaskRow",
    "UnmaskLookRow",
    "WorkerRow",
    "WorkflowPlaceRow",
    "ZoneRow",
    "metadata",
]

metadata = SQLModel.metadata
ABSENCES = metadata.tables["absences"]
ATTACHMENTS = metadata.tables["attachments"]
CASES = metadata.tables["cases"]
CASE_WORDS = metadata.tables["case_words"]
EXPORTS = metadata.tables["exports"]
EXPORT_PIECES = metadata.tables["export_pieces"]
FACTS = metadata.tables["facts"]
FACT_HASHES = metadata.tables["fact_hashes"]
GRID_UNITS = metadata.tables["grid_units"]
DUTIES = metadata.tables["duties"]
MAIL_ITEMS = metadata.tables["mail_items"]
MATTERS = metadata.tables["matters"]
MATTER_FACTS = metadata.tables["matter_facts"]
MATTER_NOTICES = metadata.tables["matter_notices"]
NOTICES = metadata.tables["notices"]
ONE_TIME_LINKS = metadata.tables["one_time_links"]
SUGGESTION_MODELS = metadata.tables["suggestion_models"]
SUGGESTION_USES = metadata.tables["suggestion_uses"]
RETIRED_CASES = metadata.tables["retired_cases"]
TASKS = metadata.tables["tasks"]
ZONES = metadata.tables["zones"]
