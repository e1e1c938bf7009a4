"""Settings: one frozen class, read from `GRIDLOOP_*`. Temporal has its own standard variables."""

from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import Annotated

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from models.names import CASE_QUEUE


class Settings(BaseSettings):
    """What an operator may set. Secrets have no default: a process without them refuses to start."""

    model_config = SettingsConfigDict(env_prefix="GRIDLOOP_", frozen=True, extra="ignore")

    data_dir: Path = Path(".gridloop")
    database_url: SecretStr
    database_pool: Annotated[int, Field(ge=1, le=200)] = 10
    token_secret: Annotated[SecretStr, Field(min_length=32)]
    token_minutes: Annotated[int, Field(ge=1, le=24 * 60)] = 12 * 60
    web_host: str = "127.0.0.1"
    web_port: Annotated[int, Field(ge=0, le=65535)] = 8080
    #: Who may show our pages in a frame: a CSP source list.
    web_frame_ancestors: str = "'none'"
    case_queue: str = CASE_QUEUE
    worker_metrics_port: Annotated[int, Field(ge=0, le=65535)] = 0
    worker_sandbox: bool = True
    worker_grace: timedelta = timedelta(seconds=20)
    worker_cache: Annotated[int, Field(ge=1)] = 2_000
    attachment_megabytes: Annotated[int, Field(ge=1, le=500)] = 20
    answer_seconds: Annotated[float, Field(gt=0, le=60)] = 5.0
    log_json: bool | None = None
    log_level: str = "INFO"

    @property
    def attachments_dir(self) -> Path:
        """Where attachments lie, by hash."""
        return self.data_dir / "attachments"


@lru_cache(maxsize=1)
def settings() -> Settings:
    """The settings of this process, read once.

    Raises pydantic.ValidationError naming each variable that is missing or wrong.
    """
    return Settings()
