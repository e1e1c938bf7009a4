"""Settings: one frozen class, read from `GRIDLOOP_*`. Temporal has its own standard variables."""

import os
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, Field, SecretStr, model_validator
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SecretsSettingsSource,
    SettingsConfigDict,
)

from infra.database_url import DatabaseUrl, conninfo
from infra.setting_types import Codes, Endpoint, Issuer, Place, Queues, RoleNames, Secrets, SourceNames, TilesUrl
from infra.web_address import Hosts, Networks, PublicUrl, Targets
from models.enums import Role
from models.personal_numbers import DEFAULT_KINDS, NumberKind
from models.wire_names import CASE_QUEUE

#: Names the folder of settings that are kept in files, as containers get secrets.
SECRETS_DIR = "GRIDLOOP_SECRETS_DIR"
#: The master keys, in the data directory.
KEY_FILE = Path("keys", "master.json")


class Tiles(BaseModel):
    """The tile layer below the map. `crs`: the coordinate system of its tiles."""

    url: str
    crs: Literal["wgs84", "gcj02"]
    credit: str

    @property
    def origin(self) -> str:
        """The origin of the tiles, for the content security policy."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc}"


@dataclass(frozen=True)
class S3Settings:
    """How an S3-compatible server is reached; what is None comes from the `AWS_*` variables."""

    endpoint: str | None = None
    region: str | None = None
    path_style: bool = True
    access_key_id: SecretStr | None = None
    access_key_id_file: Path | None = None
    secret_access_key: SecretStr | None = None
    secret_key_file: Path | None = None
    ca_file: Path | None = None


#: Six months.
LOG_DAYS = 183


class LogSettings(BaseSettings):
    """What `up` itself reads, before there is a database."""

    model_config = SettingsConfigDict(
        env_prefix="GRIDLOOP_", frozen=True, extra="ignore", hide_input_in_errors=True
    )  # fmt: skip

    log_days: Annotated[int, Field(ge=1, le=36_500)] = LOG_DAYS


class Settings(BaseSettings):
    """Everything an operator may set. Secrets have no default: a process without them refuses to start."""

    model_config = SettingsConfigDict(
        env_prefix="GRIDLOOP_", frozen=True, extra="ignore", hide_input_in_errors=True
    )  # fmt: skip

    #: Where a process keeps its files: attachments, keys, vault, anchors and archive lie here unless set apart below.
    #: Every worker and API needs the same ones.
    data_dir: Path = Path(".gridloop")
    #: The database, as the role that runs the system: `postgresql://user:password@host:5432/gridloop`; several hosts,
    #: `?sslmode=verify-full&sslrootcert=…` and everything else that libpq takes. A pooler before it must keep sessions.
    database_url: DatabaseUrl
    #: A file whose first line is the password of `database_url`, read at each connection. None: it is in the address.
    database_password_file: Path | None = None
    #: Address of the role that owns the tables, for operators' commands that make databases or tables; never for a
    #: worker or the API. None: that of `database_url`.
    database_owner_url: DatabaseUrl | None = None
    #: The file of the owner's password.
    database_owner_password_file: Path | None = None
    #: The most connections that one process holds in its pool; a worker has two pools, an API one more connection.
    database_pool: Annotated[int, Field(ge=1, le=200)] = 10
    #: Secret that signs sessions and encrypts second factors: 32 characters or more, the same for every API.
    token_secret: Annotated[SecretStr, Field(min_length=32)]
    #: Earlier token secrets, separated by commas or spaces: sessions and links that they signed go on.
    token_secrets_previous: Secrets = ()
    #: Token secrets from before these: sessions that they signed are over; they only open second factors, recovery
    #: codes and progress codes.
    token_secrets_retired: Secrets = ()
    #: Roles whose holders must give a second factor when they sign in (comma-separated; empty: nobody must).
    second_factor_roles: RoleNames = (Role.KEEPER, Role.SUPERVISOR, Role.ADMIN)
    #: An identity provider for signing in by OpenID Connect, what we are called there, and the claim with the user
    #: name.
    oidc_issuer: Issuer | None = None
    oidc_client_id: str | None = None
    oidc_client_secret: SecretStr | None = None
    oidc_claim: str = "preferred_username"
    #: What the button on the sign-in page is called, after “登录:” (empty: 统一身份认证).
    oidc_name: str = ""
    #: Minutes until whoever signed in must do it again.
    token_minutes: Annotated[int, Field(ge=1, le=24 * 60)] = 12 * 60
    #: Address at which a process of the pages listens: this machine's own, or 0.0.0.0 behind a proxy on another.
    web_host: str = "127.0.0.1"
    #: Its port.
    web_port: Annotated[int, Field(ge=0, le=65535)] = 8080
    #: How long a process of the API that got SIGTERM still takes requests while `/readyz` fails: as long as the
    #: balancer needs to notice. 0: it stops at once, for a process without a balancer.
    drain_seconds: Annotated[float, Field(ge=0, le=300)] = 0
    #: How long requests in flight then have until they are cut. A supervisor must wait longer than both together.
    web_grace: timedelta = timedelta(seconds=20)
    #: The origin at which people reach the pages, for links and QR codes. None: that of each request.
    public_url: PublicUrl | None = None
    #: Further names that requests may be for, besides the public URL's, the machine's own, and its addresses.
    allowed_hosts: Hosts = ()
    #: Proxies whose X-Forwarded-For and X-Forwarded-Proto are believed: addresses and networks.
    trusted_proxies: Networks = ()
    #: The origin of Temporal's web interface where it is not behind our own: only it may call the codec server.
    temporal_ui_origin: PublicUrl | None = None
    #: Temporal's web interface (`http://host:port`), shown to administrators below `/temporal/`; the folder of the
    #: certificates that it asks for. None: it is not shown.
    temporal_ui: PublicUrl | None = None
    temporal_ui_certificates: Path | None = None
    #: Sites that may show our pages in a frame: a CSP source list.
    web_frame_ancestors: str = "'none'"
    #: Tile layer of the map (`https://host/{z}/{x}/{y}.png`), its coordinate system and its credit. None: pages load
    #: nothing from another host.
    map_tiles_url: TilesUrl | None = None
    map_tiles_crs: Literal["wgs84", "gcj02"] = "wgs84"
    map_tiles_credit: str = ""
    #: Temporal's task queue, the same for all processes of a system.
    case_queue: str = CASE_QUEUE
    #: Which queues a worker process serves, comma-separated: `cases` (steps and deadlines), `heavy` (exports, audits,
    #: bulletins, rollouts, archive, anchors, training).
    worker_queues: Queues = ("cases", "heavy")
    #: How many pieces of heavy work a worker process does at once. Each holds a connection of the pool.
    worker_heavy: Annotated[int, Field(ge=1, le=100)] = 4
    #: Where a worker answers `/livez`, `/readyz` and `/metrics`. Port 0: nowhere. From other machines whoever reaches
    #: it reads the metrics, unless `metrics_token` is set.
    worker_host: str = "127.0.0.1"
    worker_port: Annotated[int, Field(ge=0, le=65535)] = 0
    #: What a worker is called in Temporal, after its process id. None: the name of the machine.
    worker_name: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,80}$")] | None = None
    #: The version of a worker for Temporal's worker versioning: the name of the deployment, and the build. Set both or
    #: neither; a versioned worker gets work only once its build is made the current one.
    worker_deployment: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,80}$")] | None = None
    worker_build: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,80}$")] | None = None
    #: Whether workflows run in the sandbox that refuses what would break a replay.
    worker_sandbox: bool = True
    #: How long a stopping worker gives to what it has begun. A supervisor must wait longer.
    worker_grace: timedelta = timedelta(seconds=20)
    #: How many workflows a worker keeps in memory; others are replayed when they wake.
    worker_cache: Annotated[int, Field(ge=1)] = 2_000
    #: The largest photo or file, and the largest film, in megabytes.
    attachment_megabytes: Annotated[int, Field(ge=1, le=500)] = 20
    video_megabytes: Annotated[int, Field(ge=1, le=500)] = 100
    #: The most connections that one process of the pages or the API keeps open at once.
    max_connections: Annotated[int, Field(ge=10, le=100_000)] = 4_000
    #: The bearer token of /metrics. None: they are told on this machine alone.
    metrics_token: Annotated[SecretStr, Field(min_length=16)] | None = None
    #: Whether the OpenAPI document is told to everybody, or to who is signed in.
    openapi_public: bool = False
    #: The most files that one person uploads within an hour.
    uploads_per_hour: Annotated[int, Field(ge=1, le=100_000)] = 300
    #: Seconds after which a report that is not recorded yet is answered with 202.
    answer_seconds: Annotated[float, Field(gt=0, le=60)] = 5.0
    #: Numbers in text that are masked besides mobile and identity-card numbers (`models.personal_numbers`), as JSON.
    masked_numbers: frozenset[NumberKind] = DEFAULT_KINDS
    #: Whether logs are JSON. None: on a terminal they are text, elsewhere JSON.
    log_json: bool | None = None
    #: Where traces are sent by OTLP over HTTP, without `/v1/traces`. None: there are none, and they cost nothing.
    otlp_endpoint: Endpoint | None = None
    #: DEBUG, INFO, WARNING or ERROR.
    log_level: str = "INFO"
    #: For how many days `up` keeps the logs of its processes (网络安全法 §21: six months at least).
    log_days: Annotated[int, Field(ge=1, le=36_500)] = LOG_DAYS
    #: Whom users of the Open311 interface may ask for help and for keys.
    open311_contact: str = "园区网格化治理中心 / the governance centre of the park"
    #: Channels whose cases the Open311 lists show besides those that came by Open311, comma-separated, such as
    #: `resident,enterprise`: without words, place and photos of the report. Their reporters must know it.
    open311_sources: SourceNames = ()
    #: Categories and groups whose cases the Open311 lists never show, comma-separated.
    open311_private: Codes = ()
    #: For how many days the notices of archived cases and ended matters are kept (our choice).
    notice_days: Annotated[int, Field(ge=1, le=36_500)] = 365

    #: Where anchors are written: best a folder on another disk or machine. None: `anchors` in the data directory.
    anchors_folder: Path | None = None
    #: The key that signs anchors and exports of facts (PEM). None: `keys/anchor.pem` in the data directory.
    anchor_key_file: Path | None = None

    #: The master keys: they encrypt what Temporal stores, and wrap the keys of reporters' records. None:
    #: `keys/master.json` in the data directory.
    key_file: Path | None = None
    #: A key service that wraps the keys of reporters' records instead (`infra.keys.ring.ServiceRing`), and its token.
    key_service_url: str | None = None
    key_service_token: SecretStr | None = None
    #: Where the wrapped key of each reporter lies: a folder that all APIs and workers share, or `s3://bucket/path` of
    #: an S3-compatible store. None: `vault` in the data directory, for one machine.
    vault_folder: Place | None = None

    @property
    def database(self) -> str:
        """The database as libpq's `name=value` pairs, password included, for connections outside the pools."""
        return conninfo(self.database_url.get_secret_value(), self.database_password_file)

    @property
    def owner_database(self) -> str:
        """The same for the role that owns the tables."""
        if self.database_owner_url is None:
            return self.database
        return conninfo(self.database_owner_url.get_secret_value(), self.database_owner_password_file)

    def as_owner(self) -> "Settings":
        """Return the settings of the role that owns the tables, for operators' commands."""
        if self.database_owner_url is None:
            return self
        owner = {
            "database_url": self.database_owner_url, "database_password_file": self.database_owner_password_file
        }  # fmt: skip
        return self.model_copy(update=owner)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Read variables first, then the files in `GRIDLOOP_SECRETS_DIR`, each named like a variable in small letters.

        A variable that is empty counts as not set, so that a file may hold the secret.
        """
        known = EnvSettingsSource(settings_cls, env_ignore_empty=bool(os.environ.get(SECRETS_DIR)))
        if not (folder := os.environ.get(SECRETS_DIR)):
            return init_settings, known
        return init_settings, known, SecretsSettingsSource(settings_cls, secrets_dir=folder)

    @property
    def key_ring(self) -> Path:
        """The file of the master keys."""
        return self.key_file or self.data_dir / KEY_FILE

    @property
    def vault_place(self) -> str:
        """The folder or bucket of the wrapped keys of reporters."""
        return self.vault_folder or str(self.data_dir / "vault")

    @model_validator(mode="after")
    def _check_client(self) -> "Settings":
        """Raise ValueError for an identity provider that does not know us."""
        if self.oidc_issuer is not None and not self.oidc_client_id:
            raise ValueError("GRIDLOOP_OIDC_ISSUER takes GRIDLOOP_OIDC_CLIENT_ID")
        return self

    @model_validator(mode="after")
    def _check_version(self) -> "Settings":
        """Raise ValueError for half a version of a worker."""
        if (self.worker_deployment is None) != (self.worker_build is None):
            raise ValueError("GRIDLOOP_WORKER_DEPLOYMENT and GRIDLOOP_WORKER_BUILD go together")
        return self

    @property
    def tiles(self) -> Tiles | None:
        """The tile layer of the map, or None."""
        if self.map_tiles_url is None:
            return None
        return Tiles(url=self.map_tiles_url, crs=self.map_tiles_crs, credit=self.map_tiles_credit)

    #: Where facts are archived: a folder, or `s3://bucket/path` of an S3-compatible store. None: `archive` in the data
    #: directory.
    archive: Place | None = None

    #: For how many years after its closing a case stays in the database. Older ones are retired: a row of each stays,
    #: its facts lie in the archive alone. None: all cases stay for ever.
    case_years: Annotated[int, Field(ge=2, le=100)] | None = None

    #: Where attachments are: a folder, or `s3://bucket/path` of an S3-compatible store that all APIs and workers share.
    #: None: `attachments` in the data directory, for one machine.
    attachments: Place | None = None
    #: For how many days an upload is kept that nothing names. A phone without a network sends the report later than its
    #: photos, so days and not hours.
    upload_days: Annotated[int, Field(ge=1, le=365)] = 7

    #: Where the trained models of suggestions are: a folder, or `s3://bucket/path` of an S3-compatible store that all
    #: APIs and workers share. None: `models` in the data directory, for one machine.
    suggestion_models: Place | None = None
    #: The least certainty, 0 … 1, at which a suggestion is shown to people.
    suggestion_certainty: Annotated[float, Field(ge=0.3, le=1)] = 0.7
    #: How many closed cases a park must have before anything is learnt from them.
    suggestion_cases: Annotated[int, Field(ge=50, le=1_000_000)] = 300

    #: The S3-compatible server of attachments, archive and vault (`https://host:port`), its region, and whether the
    #: bucket is in the path of its addresses (as MinIO and Ceph have it) or in the host name. None: Amazon's, or the
    #: `AWS_*` variables.
    s3_endpoint: PublicUrl | None = None
    s3_region: str | None = None
    s3_path_style: bool = True
    #: The keys for it, or the files that hold them. None: the `AWS_*` variables, or the role of the machine.
    s3_access_key_id: SecretStr | None = None
    s3_access_key_id_file: Path | None = None
    s3_secret_access_key: SecretStr | None = None
    s3_secret_access_key_file: Path | None = None
    #: Certificates (PEM) of an authority of one's own that are trusted besides the system's.
    s3_ca_file: Path | None = None

    #: Other systems in private networks that requests may go to, e.g. an SMS gateway in the intranet: addresses,
    #: networks and host names, comma-separated. All other private, local and reserved addresses are refused.
    outgoing_private: Targets = ()
    #: Certificates (PEM) of an authority of one's own that are trusted besides the system's in requests to other
    #: systems.
    outgoing_ca_file: Path | None = None

    @property
    def s3(self) -> S3Settings:
        """What the buckets are reached with."""
        return S3Settings(
            endpoint=self.s3_endpoint,
            region=self.s3_region,
            path_style=self.s3_path_style,
            access_key_id=self.s3_access_key_id,
            access_key_id_file=self.s3_access_key_id_file,
            secret_access_key=self.s3_secret_access_key,
            secret_key_file=self.s3_secret_access_key_file,
            ca_file=self.s3_ca_file,
        )

    @property
    def unnamed_retention(self) -> timedelta:
        """How long an upload is kept that nothing names."""
        return timedelta(days=self.upload_days)

    @property
    def anchors_dir(self) -> Path:
        """The directory of anchors."""
        return self.anchors_folder or self.data_dir / "anchors"

    @property
    def anchor_key(self) -> Path:
        """The file of the key that signs anchors."""
        return self.anchor_key_file or self.data_dir / "keys" / "anchor.pem"

    @property
    def attachments_dir(self) -> Path:
        """The directory of attachments in the data directory: where they are unless `attachments` names another place.

        What an upload has sent so far is always here or in the folder of attachments.
        """
        return self.data_dir / "attachments"


@lru_cache(maxsize=1)
def settings() -> Settings:
    """Return the settings of this process, read once.

    Raises pydantic.ValidationError naming each variable that is missing or wrong.
    """
    return Settings()
