"""The command line as a client of the HTTP API: who signs in, where, and how a problem is shown."""

import json
import os
import weakref
from pathlib import Path
from typing import Annotated, Any, NoReturn
from urllib.parse import quote

import httpx
import typer
from rich.console import Console
from rich.markup import escape

from cli.labels import is_english, localize
from infra.runtime import read_runtime

console = Console()
errors = Console(stderr=True)

As = Annotated[str, typer.Option("--as", metavar="USER", envvar="GRIDLOOP_USER", help="Who acts · 以谁的身份")]
Password = Annotated[
    str | None,
    typer.Option(envvar="GRIDLOOP_PASSWORD", help="Not needed for a demo account · 演示账号可不填"),
]
DataDir = Annotated[Path, typer.Option(envvar="GRIDLOOP_DATA_DIR", help="Data directory of the running system")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the API's answer as it is")]


def build_path(*parts: str) -> str:
    """The path of these parts, whatever characters somebody typed: a part never becomes two, or a query.

    Ends with exit code 1 where one of them is empty.
    """
    if not all(parts):
        fail(localize("编号为空", "the number is empty"))
    return "/" + "/".join(quote(part, safe="") for part in parts)


class Api:
    """A signed-in session with the running system."""

    def __init__(self, data_dir: Path, username: str, password: str | None) -> None:
        url = os.environ.get("GRIDLOOP_WEB_URL") or read_runtime(data_dir).get("GRIDLOOP_WEB_URL")
        if url is None:
            fail(localize("系统未在运行,请先执行 make up", "the system is not running; start it with: make up"))
        language = "en" if is_english() else "zh-CN"
        self._http = httpx.Client(base_url=url, timeout=60, headers={"Accept-Language": language})
        weakref.finalize(self, self._http.close)
        password = password or _demo_password(data_dir, username)
        token = self.call("POST", "/auth/token", data={"username": username, "password": password})
        self._http.headers["Authorization"] = f"Bearer {token['access_token']}"

    def call(self, method: str, path: str, **more: Any) -> Any:
        """The answer's JSON. A problem is shown and ends the command with exit code 1."""
        answer = self._ask(method, path, **more)
        try:
            return answer.json()
        except ValueError:
            fail(
                localize(
                    f"{self._http.base_url} 的应答并非来自本系统",
                    f"what answers at {self._http.base_url} is no Gridloop",
                )
            )

    def download(self, path: str) -> bytes:
        """A file. A problem is shown and ends the command with exit code 1."""
        return self._ask("GET", path).content

    def _ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        try:
            answer = self._http.request(method, f"/api/v1{path}", **more)
        except httpx.TransportError as error:
            fail(localize(f"无法连接系统:{error}", f"cannot reach the system: {error}"))
        if not answer.is_success:
            _show_problem(answer)
        return answer

    def upload(self, file: Path) -> str:
        """Uploads a file and answers the hash by which it is known."""
        if not file.is_file():
            fail(localize(f"没有文件 {file}", f"no file {file}"))
        with file.open("rb") as content:
            answer = self.call("POST", "/attachments", files={"file": (file.name, content)})
        return str(answer["sha256"])


def fail(message: str) -> NoReturn:
    """Shows an error and ends with exit code 1."""
    errors.print(f"[bold red]✗[/] {escape(message)}", highlight=False)
    raise typer.Exit(1)


def _show_problem(answer: httpx.Response) -> NoReturn:
    try:
        problem = answer.json()
    except json.JSONDecodeError:
        fail(f"HTTP {answer.status_code}")
    errors.print(f"[bold red]✗[/] {escape(str(problem.get('detail') or problem.get('title')))}", highlight=False)
    for error in problem.get("errors", []):
        where, what = escape(str(error.get("pointer"))), escape(str(error.get("message")))
        errors.print(f"  [yellow]{where}[/] {what}", highlight=False)
    raise typer.Exit(1)


def _demo_password(data_dir: Path, username: str) -> str:
    file = data_dir / "demo-accounts.json"
    if file.is_file():
        for account in json.loads(file.read_text()):
            if account["username"] == username:
                return str(account["password"])
    return str(typer.prompt(localize(f"{username} 的密码", f"Password of {username}"), hide_input=True))
