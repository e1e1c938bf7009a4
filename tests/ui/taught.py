"""A park whose suggestions are learnt, as the training would have made the model of ninety closed cases."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache

from sqlalchemy import text

from infra.database import transaction
from models.ids import new_id
from services.suggestions.fit import Fitted, fit
from services.suggestions.store import ModelRow, add_model, models_of, put_model
from services.suggestions.stored import model_bytes
from tests.builders import PARK
from tests.closed_cases import closed_examples
from tests.ui.site import Site


@cache
def _fitted() -> Fitted:
    """What ninety closed cases teach; it is always the same."""
    fitted = fit(closed_examples(90), 0.7)
    assert fitted is not None
    return fitted


@contextmanager
def taught_park(site: Site) -> Iterator[None]:
    """The park has a model of suggestions; afterwards none, and nothing is counted."""

    async def teach() -> None:
        fitted = _fitted()
        content, model, now = model_bytes(fitted.model), new_id(), datetime.now(UTC)
        name, sha256 = await put_model(models_of(site.harness.settings), PARK, model, content)
        row = ModelRow(model, PARK, 1, now, now, now, 90, name, sha256, len(content), fitted.figures)
        async with transaction(site.harness.engine) as connection:
            assert await add_model(connection, row)

    async def forget() -> None:
        async with transaction(site.harness.engine) as connection:
            await connection.execute(text("DELETE FROM suggestion_uses"))
            await connection.execute(text("DELETE FROM suggestion_models"))

    site.run(teach())
    yield
    site.run(forget())
