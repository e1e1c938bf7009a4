"""`gridloop undertakings`: pledges, yearly items and campaigns."""

from cli.matters import matter_app
from models.matters.base import MatterKind

app = matter_app(MatterKind.UNDERTAKING, help="Undertakings in public · 承诺事项")
