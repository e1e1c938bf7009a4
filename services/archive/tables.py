"""How each table comes back when the database is lost."""

from sqlalchemy import Table

from models.tables import metadata

#: Made anew from facts.
OF_FACTS = frozenset(
    {"facts", "fact_hashes", "cases", "case_words", "tasks", "matters", "matter_facts", "archived", "archive_files"}
)
#: Archived as they come, apart from the copies: they are many.
STREAMED = frozenset({"readings"})
#: Gone with the database, and rightly so: what is going on at the moment, or is made anew by itself. Anchors are
#: registered again from their files.
PASSING = frozenset(
    {
        "anchors",
        "audits",
        "export_pieces",
        "exports",
        "mail_intake",
        "pending_uploads",
        "rate_limits",
        "sessions",
        "sign_in_attempts",
        "workers",
        "workflow_place",
    }
)
#: Columns that a copy does not hold: the key of a reporter is in the vault alone, so that it can be destroyed.
SECRET = {"reporters": frozenset({"name", "phone", "wrapped_key", "key_id"})}


def copied_tables() -> list[Table]:
    """Return the tables whose rows are copied to the archive, in the order in which they can be filled.

    Every table that is not named above: a new one is not forgotten.
    """
    return [table for table in metadata.sorted_tables if table.name not in OF_FACTS | PASSING | STREAMED]


def needs_facts(table: Table) -> bool:
    """Return whether the rows refer to cases or matters, which must be there before."""
    targets = {key.column.table for key in table.foreign_keys if key.column.table is not table}
    return any(target.name in OF_FACTS or needs_facts(target) for target in targets)
