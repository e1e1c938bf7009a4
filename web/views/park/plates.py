"""The colour of an enterprise as it is shown: a word and bars of its own, never the signs of a deadline's light."""

from markupsafe import Markup, escape

from models.policy.colours import Colour
from services.wording.matters.enterprise import COLOURS
from web.reader import Visitor

#: How many of three bars are filled: the more, the more watching an enterprise needs.
BARS = {Colour.GREEN: "▮▯▯", Colour.YELLOW: "▮▮▯", Colour.RED: "▮▮▮"}


def plate_of(colour: Colour | str, visitor: Visitor) -> Markup:
    """The plate of a colour."""
    found = Colour(colour)
    name = COLOURS[found][1 if visitor.language == "en" else 0]
    return Markup('<span class="plate plate-{}"><span aria-hidden="true">{}</span> {}</span>').format(
        escape(found.value), BARS[found], name
    )
