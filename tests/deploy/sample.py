"""What the files in `deploy/` say, read as the programs that they are for read them."""

import re
import shlex
from pathlib import Path

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"


def sample_environment() -> dict[str, str]:
    """Every variable of the sample file, in a comment or not, with its value as a shell reads it."""
    lines = re.findall(r"^#?([A-Z][A-Z0-9_]*)=(.*)$", (DEPLOY / "env.example").read_text("utf-8"), re.MULTILINE)
    return {name: "".join(shlex.split(value)) for name, value in lines}
