"""Makes the pages' scripts, styles, icons and the phone's shell: `python -m web.build` [--force] [--check] [--types].

Libraries come from the npm registry, pinned by the lock file; Node.js from the machine, or from a wheel where it has
none. Nothing that is made here is committed; at run time no Node.js is needed.
"""

import argparse
import fcntl
import gzip
import hashlib
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from doors.version import version
from web.pages import environment
from web.shell import as_script, draw_icons, phone_sprite, phone_words, web_manifest
from web.static import COMPRESSED, MANIFEST, PLACE, BuildFailed, manifest
from web.texts import TAGS, catalogue

WEB = Path(__file__).parent
UI = WEB / "ui"
NODE_REQUIREMENTS = WEB.parent / "requirements" / "node.txt"
STAMP = UI / "node_modules" / ".gridloop-lock"
LOCK = WEB / "static.lock"
OLDEST_NODE = 18
#: Older Safari is out: esbuild refuses it for a destructuring fault of WebKit's.
TARGET = "chrome80,ios14.5"
#: One of them a page, whole: a part of its own for what they share would cost each page a request more.
CORES = ("desk/desk.ts", "desk/work.ts", "desk/case_page.ts", "desk/board.ts", "desk/files.ts")
PAGES = ("desk/palette.ts", "map/map.ts", "analysis/analysis.ts", "css/desk.css", "css/public.css", "css/map.css")
FIELD = ("field/main.tsx", "field/early.ts", "css/field.css")
_GAINING, _LEAST_TO_COMPRESS = frozenset({".js", ".css", ".svg"}), 500
#: Most bytes of a built file, compressed: what a page may load comes from here and what it is itself.
BUDGETS: Mapping[str, int] = {
    "desk.js": 21_000,
    "work.js": 25_000,
    "case_page.js": 24_000,
    "board.js": 25_000,
    "palette.js": 3_000,
    "desk.css": 14_000,
    "public.css": 8_000,
    "map.js": 50_000,
    "analysis.js": 235_000,
    "icons.svg": 8_000,
    "field/main.js": 25_000,
    "field/early.js": 800,
    "field/field.css": 9_000,
}


@dataclass(frozen=True)
class Node:
    """A Node.js that is new enough, and its npm."""

    node: str
    npm: tuple[str, ...]


def main() -> None:
    """Builds what is out of date; `--force`: all of it; `--check`: holds the budgets; `--types`: only checks types."""
    parser = argparse.ArgumentParser(prog="python -m web.build", description=main.__doc__)
    parser.add_argument("--types", action="store_true")
    parser.add_argument("--force", action="store_true")
    parser.add_argument("--check", action="store_true")
    wanted = parser.parse_args()
    try:
        if wanted.types:
            check_types()
        else:
            bring_up_to_date(force=wanted.force)
        if wanted.check:
            check_budgets(PLACE, manifest())
    except BuildFailed as error:
        sys.exit(f"错误 Error: {error}")


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def bring_up_to_date(*, force: bool = False) -> bool:
    """Builds unless it was built of these very sources; whether it did.

    Of several processes that come at once one builds, and the others wait for it. Raises BuildFailed; what was built
    before stays then.
    """
    with _one_at_a_time():
        if stale := force or is_stale():
            _build()
        return stale


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    with LOCK.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)  # let go when the file is closed, however the process ends
        yield


def _build() -> None:
    node = find_node()
    _install(node)
    fresh = WEB / "static.new"
    shutil.rmtree(fresh, ignore_errors=True)
    (fresh / "field").mkdir(parents=True)
    names = _bundle(node, CORES, fresh, "", split=False) | _bundle(node, PAGES, fresh, "")
    names |= _bundle(node, FIELD, fresh / "field", "field/")
    names |= {"icons.svg": _write(fresh, "icons", "svg", sprite()), "icon.svg": _copy(fresh, UI / "icon.svg")}
    names["field/icon.svg"] = _copy(fresh / "field", UI / "icon.svg", "field/", hashed=False)
    (fresh / "manifest.json").write_text(json.dumps(names, indent=1, sort_keys=True))
    _make_shell(node, fresh, names)
    _compress(fresh)
    (fresh / "stamp").write_text(_digest(sources()))
    shutil.rmtree(PLACE, ignore_errors=True)
    fresh.rename(PLACE)
    manifest.cache_clear()


def is_stale() -> bool:
    """Whether there is no build, or one of other sources."""
    stamp = PLACE / "stamp"
    return not MANIFEST.exists() or not stamp.exists() or stamp.read_text() != _digest(sources())


def sources() -> list[Path]:
    """Everything that the build is made of."""
    kept = (path for path in UI.rglob("*") if path.is_file() and "node_modules" not in path.parts)
    shell = [*(WEB / "templates" / "field").glob("*.html"), *(WEB / "locale").rglob("field.po")]
    made_by = [Path(__file__), WEB / "shell.py", WEB.parent / "services" / "wording" / "vocabulary.py"]
    return sorted([*kept, *shell, *made_by])


# --- Node.js and its packages -----------------------------------------------------------------------------------------


def find_node() -> Node:
    """The machine's Node.js, else the wheel's, which is installed first if need be. Raises BuildFailed."""
    found, npm = shutil.which("node"), shutil.which("npm")
    if found and npm and _major(found) >= OLDEST_NODE:
        return Node(found, (npm,))
    wheel = Path(sys.executable).parent / "node"
    if not wheel.exists():
        _say("Installing Node.js from its wheel (once) …")
        _run([sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes",
              "-r", str(NODE_REQUIREMENTS)], WEB)  # fmt: skip
    return Node(str(wheel), (str(wheel.with_name("npm")),))


def _major(node: str) -> int:
    said = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    match = re.match(r"v(\d+)", said)
    return int(match[1]) if match else 0


def _install(node: Node) -> None:
    """The npm packages of the lock file, unless they are there."""
    lock = _digest([UI / "package-lock.json"])
    if STAMP.exists() and STAMP.read_text() == lock:
        return
    _say("Installing the pages' libraries (once) …")
    _run([*node.npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], UI)
    STAMP.write_text(lock)


def check_types() -> None:
    """Checks the types of all scripts. Raises BuildFailed with what the compiler says."""
    node = find_node()
    with _one_at_a_time():
        _install(node)
    _run([node.node, "node_modules/typescript/bin/tsc", "--project", "tsconfig.json"], UI)


def _run(command: list[str], directory: Path) -> None:
    done = subprocess.run(command, cwd=directory, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BuildFailed(f"{' '.join(command[:4])} …\n{done.stdout}{done.stderr}".strip())


# --- bundles ----------------------------------------------------------------------------------------------------------


def _bundle(node: Node, entries: Iterable[str], place: Path, prefix: str, *, split: bool = True) -> dict[str, str]:
    """Bundles `entries` into `place`; answers what each became, by its plain name."""
    meta = place / "meta.json"
    found = [entry for entry in entries if (UI / entry).exists()]
    _run(
        [node.node, "node_modules/esbuild/bin/esbuild", *found, "--bundle", "--minify", "--format=esm",
         *(["--splitting"] if split else []),
         f"--target={TARGET}", "--jsx=automatic", "--jsx-import-source=preact", "--charset=utf8",
         "--entry-names=[name]-[hash]", "--chunk-names=part-[hash]", "--asset-names=[name]-[hash]",
         "--loader:.svg=file", "--loader:.png=file", "--legal-comments=none", "--log-level=warning",
         f"--outdir={place}", f"--metafile={meta}"],
        UI,
    )  # fmt: skip
    outputs: dict[str, dict[str, str]] = json.loads(meta.read_text())["outputs"]
    meta.unlink()
    names: dict[str, str] = {}
    for path, about in outputs.items():
        if entry := about.get("entryPoint"):
            built = Path(path)
            names[f"{prefix}{Path(entry).stem}{built.suffix}"] = f"{prefix}{built.name}"
    return names


def _compress(place: Path) -> None:
    """A compressed twin for each file that gains by it: asked for once by each browser, its last bytes are worth the
    time, which here is spent once for all of them."""
    for path in place.iterdir():
        if path.suffix in _GAINING and path.stat().st_size >= _LEAST_TO_COMPRESS:
            path.with_name(f"{path.name}{COMPRESSED}").write_bytes(gzip.compress(path.read_bytes(), 9, mtime=0))


def sprite() -> str:
    """The icons that `ui/icons.txt` names, as one file of symbols."""
    symbols = [
        f'<symbol id="{name}" viewBox="0 0 24 24" fill="none">{inner}</symbol>'
        for name, inner in symbols_of(UI / "icons.txt")
    ]
    return f'<svg xmlns="http://www.w3.org/2000/svg">{"".join(symbols)}</svg>'


def symbols_of(listed: Path) -> list[tuple[str, str]]:
    """The name and the drawing of each icon that the file lists."""
    symbols = []
    for name in listed.read_text().split():
        source = (UI / "node_modules" / "tdesign-icons-svg" / "src" / f"{name}.svg").read_text()
        symbols.append((name, re.sub(r' id="[^"]*"', "", source[source.index(">") + 1 : source.rindex("</svg>")])))
    return symbols


def _write(place: Path, name: str, suffix: str, text: str) -> str:
    built = f"{name}-{hashlib.sha256(text.encode()).hexdigest()[:8].upper()}.{suffix}"
    (place / built).write_text(text)
    return built


def _copy(place: Path, source: Path, prefix: str = "", *, hashed: bool = True) -> str:
    if hashed:
        return prefix + _write(place, source.stem, source.suffix[1:], source.read_text())
    name = f"{source.stem.split('-')[0]}{source.suffix}"
    (place / name).write_text(source.read_text())
    return prefix + name


#: What stands in the shell until the app is there, in its words: its name, and that it is opening.
_TITLE, _OPENING = "网格事件", "正在打开…"

# --- the phone's shell ------------------------------------------------------------------------------------------------


def _make_shell(node: Node, fresh: Path, names: Mapping[str, str]) -> None:
    """One page a language, with relative addresses, and the service worker that knows what to keep."""
    field = fresh / "field"
    template = environment().get_template("field/shell.html")
    relative = {name.removeprefix("field/"): built.removeprefix("field/") for name, built in names.items()}
    told = f"{version()} · {_digest(sorted(field.iterdir()))[:8]}"
    icons = phone_sprite(symbols_of(UI / "field" / "icons.txt"))
    # Fetched beside the script that names them, not after it.
    parts = [path.name for path in parts_of(fresh, names["field/main.js"])[1:]]
    for language, file in (("zh", "index.html"), ("en", "en.html")):
        english = catalogue("field") if language == "en" else {}
        known = {"files": relative, "parts": parts, "opening": english.get(_OPENING, _OPENING)}
        known["title"] = english.get(_TITLE, _TITLE)
        known |= {"texts": as_script(english), "words": phone_words(language), "icons": icons, "version": told}
        shell = template.render(lang=TAGS[language], language=language, **known)
        (field / file).write_text(shell)
        (field / f"{language}.webmanifest").write_text(web_manifest(language))
    draw_icons(field)
    # What only an installation asks for is not kept.
    kept = sorted(path.name for path in field.iterdir() if path.suffix not in (".map", ".png", ".webmanifest"))
    version_kept = _digest(sorted(field.iterdir()))[:12]
    _run(
        [node.node, "node_modules/esbuild/bin/esbuild", "field/sw.ts", "--bundle", "--minify", "--format=iife",
         f"--target={TARGET}", f"--define:VERSION={json.dumps(version_kept)}", f"--define:KEPT={json.dumps(kept)}",
         "--log-level=warning", f"--outfile={field / 'sw.js'}"],
        UI,
    )  # fmt: skip


# --- budgets ----------------------------------------------------------------------------------------------------------


def check_budgets(place: Path, names: Mapping[str, str]) -> None:
    """Raises BuildFailed for a file that is over its budget, compressed, with the parts it loads at once.

    What several files share is counted with each: the budget is that of a page.
    """
    over = []
    for name, most in BUDGETS.items():
        if name in names and (size := weight(place, names[name])) > most:
            over.append(f"{name}: {size} bytes compressed, at most {most}")
    if over:
        raise BuildFailed("over budget:\n" + "\n".join(over))


def weight(place: Path, built: str) -> int:
    """The compressed bytes of a built file and of the parts that it imports at once."""
    return sum(len(gzip.compress(path.read_bytes(), 6)) for path in parts_of(place, built))


def parts_of(place: Path, built: str) -> list[Path]:
    """The built file, and the parts that it imports at once."""
    todo, found = [place / built], list[Path]()
    while todo:
        path = todo.pop()
        if path in found:
            continue
        found.append(path)
        if path.suffix == ".js":
            parts = re.findall(rb'(?:from|import)"\./(part-[A-Z0-9]+\.js)"', path.read_bytes())
            todo += [path.parent / part.decode() for part in parts]
    return found


def _digest(paths: Iterable[Path]) -> str:
    found = hashlib.sha256()
    for path in paths:
        found.update(f"{path.name}\0".encode())
        found.update(path.read_bytes())
    return found.hexdigest()


if __name__ == "__main__":
    main()
