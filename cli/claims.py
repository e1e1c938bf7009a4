"""`gridloop claims`: list, show, begin and deal with them."""

from cli.matters import matter_app
from models.matters.base import MatterKind

app = matter_app(MatterKind.CLAIM, help="The claim board · 揭榜认领")
