"""`gridloop meetings`: list, show, begin and deal with them."""

from cli.matters import matter_app
from models.matters.base import MatterKind

app = matter_app(MatterKind.MEETING, help="Joint meetings and consultations · 联席会议")
