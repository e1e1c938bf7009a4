"""What a person is told outside the pages, when and by which channel: pure, without clock and without stores."""

from rules.mailbox.box import Box as Box
from rules.mailbox.decide import decide as decide
