"""`gridloop topics`: list, show, begin and deal with them."""

from cli.matters import matter_app
from models.matters.base import MatterKind

app = matter_app(MatterKind.TOPIC, help="Topics before they are cases · 议题")
