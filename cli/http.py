"""Client of the HTTP API for the command line: sign-in, calls, uploads, and printing of problems."""

import json
import os
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import IO, Annotated, Any, NoReturn
from urllib.parse import quote

import httpx
import typer
from rich.markup import escape

from cli.labels import is_english, localize
from cli.terminal import SafeConsole
from infra.runtime import read_runtime

console = SafeConsole()
errors = SafeConsole(stderr=True)

As = Annotated[str, typer.Option("--as", metavar="USER", envvar="GRIDLOOP_USER", help="Who acts · 以谁的身份")]
Password = Annotated[
    str | None,
    typer.Option(envvar="GRIDLOOP_PASSWORD", help="Not needed for a demo account · 演示账号可不填"),
]
DataDir = Annotated[Path, typer.Option(envvar="GRIDLOOP_DATA_DIR", help="Data directory of the running system")]
#: For commands that read the database by themselves.
PrintJson = Annotated[bool, typer.Option("--json", help="Print it as JSON")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the API's answer as it is")]


def read_body(file: Path) -> Any:
    """Return the JSON of a file that was typed as an argument. Raises typer.BadParameter when it is none."""
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        said = localize(f"不是 JSON 文件:{error}", f"no JSON file: {error}")
        raise typer.BadParameter(said, param_hint="FILE") from None


def build_path(*parts: str) -> str:
    """Return the path of `parts`, each quoted, so that typed text adds no segment and no query.

    Exits with code 1 when a part is empty.
    """
    if not all(parts):
        fail(localize("编号为空", "the number is empty"))
    return "/" + "/".join(quote(part, safe="") for part in parts)


class Connection:
    """A connection to the running system, by whoever; `bearer` is a token or a key."""

    def __init__(self, data_dir: Path, bearer: str | None = None) -> None:
        url = os.environ.get("GRIDLOOP_WEB_URL") or read_runtime(data_dir).get("GRIDLOOP_WEB_URL")
        if url is None:
            fail(localize("系统未在运行,请先执行 make up", "the system is not running; start it with: make up"))
        language = "en" if is_english() else "zh-CN"
        self._http = httpx.Client(base_url=url, timeout=60, headers={"Accept-Language": language})
        weakref.finalize(self, self._http.close)
        if bearer is not None:
            self._http.headers["Authorization"] = f"Bearer {bearer}"

    def call(self, method: str, path: str, **more: Any) -> Any:
        """Send a request and return the JSON of the response, None for an empty one (204).

        A problem is printed and exits with code 1.
        """
        return self._read(self._request(method, path, **more))

    def _read(self, response: httpx.Response) -> Any:
        if response.status_code == httpx.codes.NO_CONTENT:
            return None
        try:
            return response.json()
        except ValueError:
            fail(
                localize(
                    f"{self._http.base_url} 的应答并非来自本系统",
                    f"what answers at {self._http.base_url} is no Gridloop",
                )
            )

    def download(self, path: str, method: str = "GET") -> bytes:
        """Return the bytes of the answer. A problem is printed and exits with code 1."""
        return self._request(method, path).content

    def download_to(self, path: str, target: IO[bytes], progress: Callable[[int], None]) -> int:
        """Write the bytes of the answer to `target` as they come, and return how many; `progress` takes that number.

        A problem, and an answer that ends before its length, is printed and exits with code 1.
        """
        count = 0
        try:
            with self._http.stream("GET", f"/api/v1{path}") as response:
                if not response.is_success:
                    response.read()
                    _print_problem(response)
                for chunk in response.iter_bytes():
                    target.write(chunk)
                    count += len(chunk)
                    progress(count)
        except httpx.TransportError as error:
            fail(localize(f"传输中断:{error}", f"the transfer broke off: {error}"))
        return count

    def _request(self, method: str, path: str, **more: Any) -> httpx.Response:
        response = self._send(method, path, **more)
        if not response.is_success:
            _print_problem(response)
        return response

    def _send(self, method: str, path: str, **more: Any) -> httpx.Response:
        try:
            return self._http.request(method, f"/api/v1{path}", **more)
        except httpx.TransportError as error:
            fail(localize(f"无法连接系统:{error}", f"cannot reach the system: {error}"))


class Api(Connection):
    """A signed-in session with the running system."""

    def __init__(self, data_dir: Path, username: str, password: str | None) -> None:
        token = os.environ.get("GRIDLOOP_TOKEN")
        super().__init__(data_dir, token)
        if token:  # a personal token: its owner acts, whoever `--as` names
            return
        password = password or _demo_password(data_dir, username)
        token = self._sign_in({"username": username, "password": password})
        self._http.headers["Authorization"] = f"Bearer {token['access_token']}"

    def _sign_in(self, data: dict[str, str]) -> Any:
        """Return the token; ask for a code of the second factor where it takes one (or GRIDLOOP_OTP has it)."""
        answer = self._send("POST", "/auth/token", data=data)
        if answer.status_code == httpx.codes.UNAUTHORIZED and "second_factor_required" in answer.text:
            code = os.environ.get("GRIDLOOP_OTP") or typer.prompt(localize("验证码", "Code of the second factor"))
            return self.call("POST", "/auth/token", data={**data, "otp": code})
        if not answer.is_success:
            _print_problem(answer)
        return self._read(answer)

    def upload(self, file: Path) -> str:
        """Upload a file and return its hash."""
        if not file.is_file():
            fail(localize(f"没有文件 {file}", f"no file {file}"))
        with file.open("rb") as content:
            attachment = self.call("POST", "/attachments", files={"file": (file.name, content)})
        return str(attachment["sha256"])


def fail(message: str) -> NoReturn:
    """Print an error and exit with code 1."""
    errors.print(f"[bold red]✗[/] {escape(message)}", highlight=False)
    raise typer.Exit(1)


def _print_problem(response: httpx.Response) -> NoReturn:
    try:
        problem = response.json()
    except json.JSONDecodeError:
        fail(f"HTTP {response.status_code}")
    errors.print(f"[bold red]✗[/] {escape(str(problem.get('detail') or problem.get('title')))}", highlight=False)
    for error in problem.get("errors", []):
        if str(error.get("pointer")).startswith("/path/"):  # the command itself, which whoever typed it knows
            continue
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
