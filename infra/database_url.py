"""Addresses of PostgreSQL: whatever libpq takes, as parameters for the driver.

An address is a URL (`postgresql://` or `postgres://`, several hosts, `?target_session_attrs=read-write`,
`?sslmode=verify-full&sslrootcert=…`, `?service=…`) or libpq's `name=value` pairs. The password may lie in a file.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from pydantic import AfterValidator, SecretStr
from sqlalchemy import URL

from infra.settings_faults import setting_fault

#: Seconds until a host that does not answer counts as away; of several hosts each gets as many.
CONNECT_TIMEOUT = 3
SCHEMES = ("postgresql", "postgres")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
_UNKNOWN = re.compile(r'invalid (?:URI query parameter|connection option):? "(\w+)"')
_EXAMPLE = "postgresql://user:password@host:5432/gridloop"


def parse_address(address: str) -> dict[str, Any]:
    """Return the parameters of an address. Raises ValueError: one sentence in two languages, without the password."""
    scheme = _SCHEME.match(address)
    if scheme is not None and scheme[1] not in SCHEMES:
        raise setting_fault(
            f"数据库地址须以 postgresql:// 或 postgres:// 开头,而不是 {scheme[0]}",
            f"the address of the database begins with postgresql:// or postgres://, not with {scheme[0]}",
        )
    if scheme is None and "=" not in address:
        raise setting_fault(f"数据库地址须写成 {_EXAMPLE}", f"the address of the database is like {_EXAMPLE}")
    unknown = None
    try:
        parameters = conninfo_to_dict(address)
        if all(port.isdecimal() for port in str(parameters.get("port", "")).split(",") if port):
            return parameters
    except ProgrammingError as error:
        # libpq's own words may hold a part of the password; the name of a parameter may not.
        unknown = _UNKNOWN.search(str(error))
    if unknown is not None:
        raise setting_fault(
            f"数据库地址中有不认识的参数 {unknown[1]}",
            f"the address of the database has the unknown parameter {unknown[1]}",
        )
    raise setting_fault(
        f"数据库地址无法读取,须写成 {_EXAMPLE},密码中的特殊字符用百分号编码(@ 写成 %40,/ 写成 %2F)",
        f"the address of the database can't be read: write it like {_EXAMPLE}, with special characters of the password"
        " in percent-encoding (@ is %40, / is %2F)",
    )


def _check(address: SecretStr) -> SecretStr:
    parse_address(address.get_secret_value())
    return address


#: An address, as a setting.
DatabaseUrl = Annotated[SecretStr, AfterValidator(_check)]


def read_password(file: Path) -> str:
    """Return the first line of a file with a password. Raises OSError or ValueError, which name the file."""
    with file.open(encoding="utf-8") as lines:
        password = lines.readline().rstrip("\r\n")
    if not password:
        raise ValueError(f"{file} holds no password")
    return password


def connect_parameters(address: str, password_file: Path | None = None) -> dict[str, Any]:
    """Return what the driver needs to connect: the address, and the password as it now stands in the file."""
    parameters = {"connect_timeout": CONNECT_TIMEOUT, "fallback_application_name": "gridloop", **parse_address(address)}
    if password_file is not None:
        parameters["password"] = read_password(password_file)
    return parameters


def with_options(parameters: Mapping[str, Any], options: str) -> dict[str, Any]:
    """Return the parameters with settings of the session (`-c name=value`) after those of the address."""
    given = parameters.get("options", "")
    return {**parameters, "options": f"{given} {options}".strip()}


def conninfo(address: str, password_file: Path | None = None) -> str:
    """Return libpq's `name=value` form of an address, password included."""
    return make_conninfo("", **connect_parameters(address, password_file))


def with_database(address: str, database: str) -> str:
    """Return the same address for another database of the server."""
    return make_conninfo(address, dbname=database)


def shown_address(address: str) -> str:
    """Return an address as logs and people may see it: user, hosts and database, no password."""
    parameters = parse_address(address)
    hosts, ports = str(parameters.get("host", "")).split(","), str(parameters.get("port", "")).split(",")
    ports = ports * len(hosts) if len(ports) == 1 else ports
    places = ",".join(f"{host}:{port}" if port else host for host, port in zip(hosts, ports, strict=False))
    service = f"?service={parameters['service']}" if "service" in parameters else ""
    user = f"{parameters['user']}@" if "user" in parameters else ""
    return f"postgresql://{user}{places}/{parameters.get('dbname', '')}{service}"


def user_of(address: str) -> str | None:
    """Return the role that an address names; None without one."""
    user = parse_address(address).get("user")
    return None if user is None else str(user)


def engine_url(address: str) -> URL:
    """Return the name of an engine, as which two databases differ. It holds no password: the engine has a connector."""
    parameters = parse_address(address)
    named = {"hosts": "host", "ports": "port", "service": "service"}  # SQLAlchemy would read `host` and `port` itself
    return URL.create(
        "postgresql+psycopg",
        username=parameters.get("user"),
        database=parameters.get("dbname"),
        query={ours: str(parameters[name]) for ours, name in named.items() if name in parameters},
    )
