"""The case in PostgreSQL: its facts, the row derived from them, its open tasks, the counter of case numbers."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Column, ForeignKey, Index, Text, Uuid, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field, SQLModel

from models.tables.columns import Json, Ltree, Moment


class CaseRow(SQLModel, table=True):
    """One case: the columns to list, filter and sort by, and `state`, the complete `models.case.Case`."""

    __tablename__ = "cases"
    __table_args__ = (
        Index("cases_grid_path", "grid_path", postgresql_using="gist"),
        Index("cases_departments", "departments", postgresql_using="gin"),
        Index("cases_due", "due_at", postgresql_where=text("closed_at IS NULL AND due_at IS NOT NULL")),
        Index("cases_wake", "wake_at", postgresql_where=text("archived_at IS NULL")),
        Index("cases_open", "stage", "reported_at", postgresql_where=text("closed_at IS NULL")),
        Index("cases_reported", "reported_at", "report_id"),
        Index(
            "cases_external", "external_system", "external_number",
            postgresql_where=text("external_number IS NOT NULL"),
        ),
        Index(
            "cases_consultation", "consultation_at",
            postgresql_where=text("consultation_at IS NOT NULL AND closed_at IS NULL"),
        ),
        Index(
            "cases_figures", "due_at", postgresql_where=text("closed_at IS NULL"),
            postgresql_include=[
                "closed_at", "stage", "whole_due_at", "overdue_at", "yellow_at", "red_at", "consultation_at",
                "grid_path", "reported_by", "owner_kind", "owner_id", "departments", "report_id",
            ],
        ),
        Index(
            "cases_yellow", "yellow_at", postgresql_where=text("closed_at IS NULL AND overdue_at IS NULL"),
            postgresql_include=[
                "report_id", "due_at", "red_at", "closed_at", "overdue_at", "stage", "host", "grid_path", "departments",
                "reported_by", "owner_kind", "owner_id",
            ],
        ),
        Index(
            "cases_waiting", "report_id", postgresql_where=text("closed_at IS NULL"),
            postgresql_include=[
                "grid_path", "reported_by", "owner_kind", "owner_id", "departments", "host", "stage", "due_at",
            ],
        ),
        Index("cases_enterprise", "enterprise", postgresql_where=text("enterprise IS NOT NULL")),
        Index("cases_closed", "closed_at", postgresql_where=text("closed_at IS NOT NULL")),
        Index(
            "cases_moments", "accepted_at", "handle_due_at", "close_due_at", postgresql_using="brin",
            postgresql_with={"autosummarize": "true", "pages_per_range": "32"},
        ),
        Index(
            "cases_recused", "recused", postgresql_using="gin",
            postgresql_where=text("recused <> '{}'::uuid[]"),
        ),
        Index(
            "cases_answers", text("(state -> 'answers')"), postgresql_using="gin",
            postgresql_where=text("(state -> 'answers') IS NOT NULL"),
        ),
        Index(
            "cases_placed", "lat", "lon", "reported_at",
            postgresql_where=text("closed_at IS NULL AND lat IS NOT NULL"),
        ),
        Index(
            "cases_placeless", "grid", "reported_at",
            postgresql_where=text("closed_at IS NULL AND lat IS NULL"),
        ),
        Index("cases_attachments", text("(state -> 'attachments')"), postgresql_using="gin"),
    )  # fmt: skip

    report_id: UUID = Field(primary_key=True)
    case_no: str = Field(unique=True)
    seq: int
    state: dict[str, Any] = Field(sa_column=Column(Json, nullable=False))

    stage: str
    round: int
    outcome: str | None
    category: str
    severity: str
    source: str
    title: str
    description: str = Field(sa_column=Column(Text, nullable=False))
    grid: str = Field(foreign_key="grid_units.code")
    grid_path: str = Field(sa_column=Column(Ltree, nullable=False))
    lat: float | None
    lon: float | None
    level: int
    owner_kind: str | None
    owner_id: str | None
    host: str | None = Field(index=True)
    departments: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    reported_by: UUID = Field(foreign_key="people.id", index=True)
    reporter_ref: UUID | None
    anonymous: bool
    external_system: str | None
    external_number: str | None
    content_hash: str

    occurred_at: datetime = Field(sa_type=Moment)
    reported_at: datetime = Field(sa_type=Moment)
    received_at: datetime = Field(sa_type=Moment)
    updated_at: datetime = Field(sa_type=Moment)
    due_at: datetime | None = Field(sa_type=Moment)
    yellow_at: datetime | None = Field(sa_type=Moment)
    overdue_at: datetime | None = Field(sa_type=Moment)
    wake_at: datetime | None = Field(sa_type=Moment)
    closed_at: datetime | None = Field(sa_type=Moment)
    archived_at: datetime | None = Field(sa_type=Moment)

    condition: str | None
    policy_version: int
    provisional: bool
    red_at: datetime | None = Field(sa_type=Moment)
    whole_due_at: datetime | None = Field(sa_type=Moment)
    accepted_at: datetime | None = Field(sa_type=Moment)
    dispatched_at: datetime | None = Field(sa_type=Moment)
    handle_due_at: datetime | None = Field(sa_type=Moment)
    handled_at: datetime | None = Field(sa_type=Moment)
    close_due_at: datetime | None = Field(sa_type=Moment)
    late_stages: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    failed_reviews: int
    returns: int
    extended: bool
    exempt: bool
    consultation_at: datetime | None = Field(sa_type=Moment)
    enterprise: str | None
    recused: list[UUID] = Field(sa_column=Column(ARRAY(Uuid), nullable=False, server_default=text("'{}'")))


class CaseWordsRow(SQLModel, table=True):
    """What the search finds a case by. Written with its first fact, apart from the row that every fact rewrites.

    `words` are in the form of `infra.store.search_words`, numbers of people masked; `search_pairs` makes pairs of
    characters of them. `numbers` are those numbers, for who reads them (`services.criteria.hidden_numbers`).
    """

    __tablename__ = "case_words"
    __table_args__ = (
        Index("case_words_pairs", text("search_pairs(words)"), postgresql_using="gin"),
        Index("case_words_number_end", text("reverse(case_no) text_pattern_ops")),
        Index("case_words_number", text("case_no text_pattern_ops")),
        Index("case_words_numbers", "numbers", postgresql_using="gin"),
    )

    report_id: UUID = Field(primary_key=True, foreign_key="cases.report_id", ondelete="CASCADE")
    case_no: str = Field(sa_column=Column(Text, nullable=False))
    words: str = Field(sa_column=Column(Text, nullable=False))
    numbers: list[str] | None = Field(default=None, sa_column=Column(ARRAY(Text)))


class FactRow(SQLModel, table=True):
    """One fact. Append-only: a trigger refuses UPDATE and DELETE."""

    __tablename__ = "facts"
    __table_args__ = (
        Index(
            "facts_at",
            "at",
            postgresql_using="brin",
            postgresql_with={"autosummarize": "true", "pages_per_range": "32"},
        ),
        Index("facts_unmasked", "at", postgresql_where=text("kind = 'reporter_unmasked'")),
        Index("facts_command", "report_id", "command_id"),
        Index(
            "facts_redirected",
            "report_id",
            postgresql_where=text("kind IN ('return_granted', 'transferred', 'redispatched', 'recalled')"),
        ),
        Index("facts_acted", "actor", "at", "report_id", postgresql_where=text("kind <> 'received'")),
        Index("facts_overdue", "at", "report_id", postgresql_where=text("kind = 'overdue'")),
        Index("facts_urged", "at", "report_id", postgresql_where=text("kind = 'urged'")),
    )

    report_id: UUID = Field(
        sa_column=Column(
            "report_id",
            ForeignKey("cases.report_id", deferrable=True, initially="DEFERRED"),
            primary_key=True,
        )
    )
    seq: int = Field(primary_key=True)
    at: datetime = Field(sa_type=Moment)
    kind: str
    version: int
    actor: UUID | None
    command_id: UUID
    command: str
    digest: str
    body: dict[str, Any] = Field(sa_column=Column(Json, nullable=False))


class TaskRow(SQLModel, table=True):
    """An open task of a case, derived from it by `rules.tasks`; deleted when done."""

    __tablename__ = "tasks"
    __table_args__ = (
        Index("tasks_assignee", "assignee_kind", "assignee_id", "due_at"),
        Index("tasks_kind", "kind", "assignee_kind", "assignee_id", "report_id"),
        Index("tasks_urged", "report_id", postgresql_where=text("kind = 'answer_urge'")),
    )

    report_id: UUID = Field(primary_key=True, foreign_key="cases.report_id")
    key: str = Field(primary_key=True)
    kind: str
    assignee_kind: str
    assignee_id: str
    due_at: datetime | None = Field(sa_type=Moment)
    role: str | None


class CaseCounterRow(SQLModel, table=True):
    """The last sequence number used in a park on a day, raised in the transaction that uses it."""

    __tablename__ = "case_counters"

    park: str = Field(primary_key=True)
    day: date = Field(primary_key=True)
    last: int
