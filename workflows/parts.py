"""Everything of ours that the case workflow is made of, in one place.

The workflow's own file is run anew for every case, and each import in it goes through the sandbox; so it makes one,
of this module, which is passed through and imported once a worker.
"""

from models.case import Case, Errand
from models.commands import Absorb, Command, SettleErrand, WakeUp
from models.errors import AlreadyArchived, DomainError, Refusal, refusal
from models.facts import Actor
from models.ids import derived_id
from models.messages import Act, CaseStart, Opening, Receipt, Step, SystemAct, Telling
from models.names import ABSORB_UPDATE, ACT_UPDATE, CASE_WORKFLOW, RECEIPT_UPDATE, STATE_QUERY, SYSTEM_UPDATE
from rules.errands import as_report
from rules.evolve import fold
from rules.ladder import next_wake_up
from rules.life_cycle import check_fits
from workflows import steps

__all__ = [
    "ABSORB_UPDATE",
    "ACT_UPDATE",
    "CASE_WORKFLOW",
    "RECEIPT_UPDATE",
    "STATE_QUERY",
    "SYSTEM_UPDATE",
    "Absorb",
    "Act",
    "Actor",
    "AlreadyArchived",
    "Case",
    "CaseStart",
    "Command",
    "DomainError",
    "Errand",
    "Opening",
    "Receipt",
    "Refusal",
    "SettleErrand",
    "Step",
    "SystemAct",
    "Telling",
    "WakeUp",
    "as_report",
    "check_fits",
    "derived_id",
    "fold",
    "next_wake_up",
    "refusal",
    "steps",
]
