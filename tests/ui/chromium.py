"""The browser of the tests: Debian's Chromium. `python -m tests.ui.chromium` installs it where that is possible."""

import os
import shutil
import subprocess
import sys

NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
#: A font with Chinese besides: without one every text is a row of boxes.
PACKAGES = ("chromium", "fonts-wqy-microhei")
#: No look-ups at the start, no sandbox under root, no graphics card; no other host than this one has an address.
ARGUMENTS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
)  # fmt: skip
MISSING = (
    "The browser tests need Chromium, and none is installed: {why}. Install it by your system's means "
    "(on Debian and Ubuntu, as root: apt-get install chromium fonts-wqy-microhei), or name one in GRIDLOOP_CHROMIUM."
)


def find() -> str | None:
    """The path of a Chromium; None where there is none."""
    named = os.environ.get("GRIDLOOP_CHROMIUM")
    return named or next((path for name in NAMES if (path := shutil.which(name))), None)


def main() -> None:
    """Installs Chromium and a Chinese font with Debian's package manager, unless there is one."""
    if find() is not None:
        return
    if shutil.which("apt-get") is None or os.geteuid() != 0:
        sys.exit(MISSING.format(why="only root on a Debian system can have it installed from here"))
    print("Installing Chromium (once; a minute or two) …", flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["update", "-qq"], ["install", "-qq", "-y", "--no-install-recommends", *PACKAGES]):
        done = subprocess.run(["apt-get", *command], env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            sys.exit(MISSING.format(why=(done.stderr or done.stdout).strip().splitlines()[-1]))


if __name__ == "__main__":
    main()
