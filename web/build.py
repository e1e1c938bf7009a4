"""Build the scripts, styles, icons and the field app's shell: `python -m web.build` [--force] [--check] [--types].

Libraries come from the npm registry, pinned by the lock file. Node.js comes from the machine, or from a wheel where it
has none. The build output is not committed, and Node.js is not needed at run time.
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
from web.shell import draw_icons, inline_sprite, script_json, vocabulary_json, web_manifest
from web.static import GZIP_SUFFIX, MANIFEST, STATIC_DIR, BuildFailed, manifest
from web.texts import LANGUAGE_TAGS, catalogue

WEB = Path(__file__).parent
UI = WEB / "ui"
NODE_REQUIREMENTS = WEB.parent / "requirements" / "node.txt"
INSTALLED_LOCK = UI / "node_modules" / ".gridloop-lock"
LOCK_FILE = WEB / "static.lock"
MIN_NODE_MAJOR = 18
#: Older Safari is not supported: esbuild refuses it because of a destructuring bug in WebKit.
BROWSER_TARGET = "chrome80,ios14.5"
#: A page loads one of these. They are not split: a shared part would cost each page one more request.
UNSPLIT_ENTRIES = (
    "desk/desk.ts",
    "desk/work.ts",
    "desk/case_page.ts",
    "desk/intake_page.ts",
    "desk/board.ts",
    "desk/audit.ts",
    "desk/files.ts",
)
SPLIT_ENTRIES = (
    "desk/palette.ts",
    "desk/held.ts",
    "viewer/viewer.ts",
    "public/report.ts",
    "map/map.ts",
    "analysis/analysis.ts",
    "css/desk.css",
    "css/public.css",
    "css/map.css",
)
FIELD_ENTRIES = ("field/main.tsx", "field/early.ts", "css/field.css")
_COMPRESSED_SUFFIXES, _MIN_COMPRESSED_BYTES = frozenset({".js", ".css", ".svg"}), 500
#: Maximum compressed bytes of a built file, with the parts that it loads at once.
BUDGETS: Mapping[str, int] = {
    "desk.js": 21_000,
    "work.js": 25_000,
    "case_page.js": 24_000,
    "intake_page.js": 24_000,
    "board.js": 25_000,
    "audit.js": 26_000,
    "palette.js": 3_000,
    "viewer.js": 2_500,
    "held.js": 3_000,
    "desk.css": 14_000,
    "public.css": 8_000,
    "report.js": 2_000,
    "map.js": 50_000,
    "analysis.js": 235_000,
    "icons.svg": 8_000,
    "field/main.js": 25_000,
    "field/early.js": 800,
    "field/field.css": 9_000,
}


@dataclass(frozen=True)
class Node:
    """The paths of a Node.js that is new enough, and of its npm."""

    node: str
    npm: tuple[str, ...]


def main() -> None:
    """Build what is out of date. `--force`: build all; `--check`: check the budgets; `--types`: only check types."""
    parser = argparse.ArgumentParser(prog="python -m web.build", description=main.__doc__)
    parser.add_argument("--types", action="store_true")
    parser.add_argument("--force", action="store_true")
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    try:
        if options.types:
            check_types()
        else:
            bring_up_to_date(force=options.force)
        if options.check:
            check_budgets(STATIC_DIR, manifest())
    except BuildFailed as error:
        sys.exit(f"错误 Error: {error}")


def _print(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def bring_up_to_date(*, force: bool = False) -> bool:
    """Build unless the last build has the same sources. Return whether a build was made.

    When several processes call this at once, one builds and the others wait. Raises BuildFailed; the last build then
    stays in place.
    """
    with _build_lock():
        if needed := force or is_stale():
            _build()
        return needed


@contextmanager
def _build_lock() -> Iterator[None]:
    with LOCK_FILE.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)  # released when the file is closed, however the process ends
        yield


def _build() -> None:
    node = find_node()
    _install(node)
    fresh = WEB / "static.new"
    shutil.rmtree(fresh, ignore_errors=True)
    (fresh / "field").mkdir(parents=True)
    names = _bundle(node, UNSPLIT_ENTRIES, fresh, "", split=False) | _bundle(node, SPLIT_ENTRIES, fresh, "")
    names |= _bundle(node, FIELD_ENTRIES, fresh / "field", "field/")
    names |= {"icons.svg": _write(fresh, "icons", "svg", icon_sprite()), "icon.svg": _copy(fresh, UI / "icon.svg")}
    names["field/icon.svg"] = _copy(fresh / "field", UI / "icon.svg", "field/", hashed=False)
    (fresh / "manifest.json").write_text(json.dumps(names, indent=1, sort_keys=True))
    _make_shell(node, fresh, names)
    _compress(fresh)
    (fresh / "stamp").write_text(_digest(sources()))
    shutil.rmtree(STATIC_DIR, ignore_errors=True)
    fresh.rename(STATIC_DIR)
    manifest.cache_clear()


def is_stale() -> bool:
    """Whether there is no build, or one from other sources."""
    stamp = STATIC_DIR / "stamp"
    return not MANIFEST.exists() or not stamp.exists() or stamp.read_text() != _digest(sources())


def sources() -> list[Path]:
    """All files that the build depends on."""
    ui = (path for path in UI.rglob("*") if path.is_file() and "node_modules" not in path.parts)
    shell = [*(WEB / "templates" / "field").glob("*.html"), *(WEB / "locale").rglob("field.po")]
    code = [Path(__file__), WEB / "shell.py", WEB.parent / "services" / "wording" / "vocabulary.py"]
    return sorted([*ui, *shell, *code])


# --- Node.js and its packages -----------------------------------------------------------------------------------------


def find_node() -> Node:
    """The machine's Node.js, or else the wheel's, which is installed if needed. Raises BuildFailed."""
    installed, npm = shutil.which("node"), shutil.which("npm")
    if installed and npm and _node_major(installed) >= MIN_NODE_MAJOR:
        return Node(installed, (npm,))
    wheel = Path(sys.executable).parent / "node"
    if not wheel.exists():
        _print("Installing Node.js from its wheel (once) …")
        _run([sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes",
              "-r", str(NODE_REQUIREMENTS)], WEB)  # fmt: skip
    return Node(str(wheel), (str(wheel.with_name("npm")),))


def _node_major(node: str) -> int:
    output = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout  # noqa: S603 our own program and arguments, no shell
    match = re.match(r"v(\d+)", output)
    return int(match[1]) if match else 0


def _install(node: Node) -> None:
    """Install the npm packages of the lock file, unless they are installed."""
    lock = _digest([UI / "package-lock.json"])
    if INSTALLED_LOCK.exists() and INSTALLED_LOCK.read_text() == lock:
        return
    _print("Installing the pages' libraries (once) …")
    _run([*node.npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], UI)
    INSTALLED_LOCK.write_text(lock)


def check_types() -> None:
    """Check the types of all scripts. Raises BuildFailed with the compiler's output."""
    node = find_node()
    with _build_lock():
        _install(node)
    _run([node.node, "node_modules/typescript/bin/tsc", "--project", "tsconfig.json"], UI)


def _run(command: list[str], directory: Path) -> None:
    process = subprocess.run(command, cwd=directory, capture_output=True, text=True, check=False)  # noqa: S603 our own program and arguments, no shell
    if process.returncode:
        raise BuildFailed(f"{' '.join(command[:4])} …\n{process.stdout}{process.stderr}".strip())


# --- bundles ----------------------------------------------------------------------------------------------------------


def _bundle(node: Node, entries: Iterable[str], place: Path, prefix: str, *, split: bool = True) -> dict[str, str]:
    """Bundle `entries` into `place`. Return the built file name by the plain name of each entry."""
    meta = place / "meta.json"
    existing = [entry for entry in entries if (UI / entry).exists()]
    _run(
        [node.node, "node_modules/esbuild/bin/esbuild", *existing, "--bundle", "--minify", "--format=esm",
         *(["--splitting"] if split else []),
         f"--target={BROWSER_TARGET}", "--jsx=automatic", "--jsx-import-source=preact", "--charset=utf8",
         "--entry-names=[name]-[hash]", "--chunk-names=part-[hash]", "--asset-names=[name]-[hash]",
         "--loader:.svg=file", "--loader:.png=file", "--legal-comments=none", "--log-level=warning",
         f"--outdir={place}", f"--metafile={meta}"],
        UI,
    )  # fmt: skip
    outputs: dict[str, dict[str, str]] = json.loads(meta.read_text())["outputs"]
    meta.unlink()
    names: dict[str, str] = {}
    for path, output in outputs.items():
        if entry := output.get("entryPoint"):
            built = Path(path)
            names[f"{prefix}{Path(entry).stem}{built.suffix}"] = f"{prefix}{built.name}"
    return names


def _compress(place: Path) -> None:
    """Write a gzip copy of each file that gets smaller by it.

    The best compression level pays: it costs time once here, and saves bytes for every browser.
    """
    for path in place.iterdir():
        if path.suffix in _COMPRESSED_SUFFIXES and path.stat().st_size >= _MIN_COMPRESSED_BYTES:
            path.with_name(f"{path.name}{GZIP_SUFFIX}").write_bytes(gzip.compress(path.read_bytes(), 9, mtime=0))


def icon_sprite() -> str:
    """The icons of `ui/icons.txt` as one SVG file of symbols."""
    symbols = [
        f'<symbol id="{name}" viewBox="0 0 24 24" fill="none">{inner}</symbol>'
        for name, inner in read_symbols(UI / "icons.txt")
    ]
    return f'<svg xmlns="http://www.w3.org/2000/svg">{"".join(symbols)}</svg>'


def read_symbols(list_file: Path) -> list[tuple[str, str]]:
    """The name and the SVG content of each icon that the file lists."""
    symbols = []
    for name in list_file.read_text().split():
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


#: Source texts that the shell shows until the app has started.
_TITLE, _OPENING = "网格事件", "正在打开…"

# --- the field app's shell --------------------------------------------------------------------------------------------


def _make_shell(node: Node, fresh: Path, names: Mapping[str, str]) -> None:
    """Write one page per language, with relative addresses, and the service worker with its list of files to cache."""
    field = fresh / "field"
    template = environment().get_template("field/shell.html")
    relative = {name.removeprefix("field/"): built.removeprefix("field/") for name, built in names.items()}
    version_text = f"{version()} · {_digest(sorted(field.iterdir()))[:8]}"
    icons = inline_sprite(read_symbols(UI / "field" / "icons.txt"))
    # The page preloads these parts, so that they are fetched together with the script that imports them.
    parts = [path.name for path in eager_files(fresh, names["field/main.js"])[1:]]
    for language, file in (("zh", "index.html"), ("en", "en.html")):
        english = catalogue("field") if language == "en" else {}
        context = {"files": relative, "parts": parts, "opening": english.get(_OPENING, _OPENING)}
        context["title"] = english.get(_TITLE, _TITLE)
        context |= {"texts": script_json(english), "words": vocabulary_json(language)}
        context |= {"icons": icons, "version": version_text}
        shell = template.render(lang=LANGUAGE_TAGS[language], language=language, **context)
        (field / file).write_text(shell)
        (field / f"{language}.webmanifest").write_text(web_manifest(language))
    draw_icons(field)
    # Files that are only read when the app is installed are not cached.
    cached = sorted(path.name for path in field.iterdir() if path.suffix not in (".map", ".png", ".webmanifest"))
    cache_version = _digest(sorted(field.iterdir()))[:12]
    _run(
        [node.node, "node_modules/esbuild/bin/esbuild", "field/sw.ts", "--bundle", "--minify", "--format=iife",
         f"--target={BROWSER_TARGET}", f"--define:VERSION={json.dumps(cache_version)}",
         f"--define:KEPT={json.dumps(cached)}", "--log-level=warning", f"--outfile={field / 'sw.js'}"],
        UI,
    )  # fmt: skip


# --- budgets ----------------------------------------------------------------------------------------------------------


def check_budgets(place: Path, names: Mapping[str, str]) -> None:
    """Check each file's compressed size, with the parts it loads at once, against its budget. Raises BuildFailed.

    A shared part counts for each file that loads it: the budget is per page.
    """
    over = []
    for name, limit in BUDGETS.items():
        if name in names and (size := transfer_size(place, names[name])) > limit:
            over.append(f"{name}: {size} bytes compressed, at most {limit}")
    if over:
        raise BuildFailed("over budget:\n" + "\n".join(over))


def transfer_size(place: Path, built: str) -> int:
    """The compressed bytes of a built file and of the parts that it loads at once."""
    return sum(len(gzip.compress(path.read_bytes(), 6)) for path in eager_files(place, built))


def eager_files(place: Path, built: str) -> list[Path]:
    """The built file and the parts that it loads at once, without those of `import()`."""
    pending, files = [place / built], list[Path]()
    while pending:
        path = pending.pop()
        if path in files:
            continue
        files.append(path)
        if path.suffix == ".js":
            parts = re.findall(rb'(?:from|import)"\./(part-[A-Z0-9]+\.js)"', path.read_bytes())
            pending += [path.parent / part.decode() for part in parts]
    return files


def _digest(paths: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for path in paths:
        digest.update(f"{path.name}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


if __name__ == "__main__":
    main()
