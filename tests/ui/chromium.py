"""The browser of the tests: Debian's Chromium. `python -m tests.ui.chromium` installs it if possible."""

import os
import shutil
import subprocess
import sys

#: The browser without a window of its own first: the same engine, at half the processor time.
NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
#: What Debian calls it, the best first.
BROWSERS = NAMES[:2]
#: A font with Chinese besides: without one every text is a row of boxes.
FONT = "fonts-wqy-microhei"
#: What Playwright switches off too (its own list gives way to this one), and the address bar's two pages, which every
#: window of the whole browser would load.
_OFF = (
    "AvoidCorsURLLoaderRestartOnRedirect", "AvoidUnnecessaryBeforeUnloadCheckSync", "DestroyProfileOnBrowserClose",
    "HttpsFirstBalancedModeAutoEnable", "HttpsUpgrades", "LensOverlay", "MediaRouter", "NetworkTimeServiceQuerying",
    "OptimizationHints", "PaintHolding", "PreconnectToSearch", "ThirdPartyStoragePartitioning", "WebUIOmniboxAimPopup",
    "WebUIOmniboxPopup",
)  # fmt: skip
#: No look-ups at the start, no sandbox under root, no graphics card; no other host than this one has an address.
ARGUMENTS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
    f"--disable-features={','.join(_OFF)}",
)  # fmt: skip
MISSING = (
    "The browser tests need Chromium, and none is installed: {why}. Install it by your system's means "
    "(on Debian and Ubuntu, as root: apt-get install chromium fonts-wqy-microhei), or name one in GRIDLOOP_CHROMIUM."
)


def find() -> str | None:
    """The path of a Chromium; None if there is none."""
    named = os.environ.get("GRIDLOOP_CHROMIUM")
    return named or next((path for name in NAMES if (path := shutil.which(name))), None)


def main() -> None:
    """Install Chromium and a Chinese font with Debian's package manager, unless there is a Chromium."""
    if find() is not None:
        return
    if shutil.which("apt-get") is None or os.geteuid() != 0:
        sys.exit(MISSING.format(why="only root on a Debian system can have it installed from here"))
    print("Installing Chromium (once; a minute or two) …", flush=True)
    _apt("update")
    for name in BROWSERS:
        done = _apt("install", "-y", "--no-install-recommends", name, FONT)
        if done.returncode == 0:
            return
    sys.exit(MISSING.format(why=(done.stderr or done.stdout).strip().splitlines()[-1]))


def _apt(*words: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    return subprocess.run(["apt-get", "-qq", *words], env=environment, capture_output=True, text=True, check=False)


if __name__ == "__main__":
    main()
