"""管理: how right the suggestions at intake are, by version over time."""

from fastapi import APIRouter, Response

from doors.dependencies import ServicesDep
from models.suggestions import Target
from services.suggestions.accuracy import ModelView, read_models
from web.reader import SignedIn
from web.routes.admin.common import admin_page, open_admin

router = APIRouter()


@router.get("/admin/suggestions")
async def show_suggestions(services: ServicesDep, reader: SignedIn) -> Response:
    """The models of each park, the newest first: held-out figures, and what people decided."""
    needed = services.settings.suggestion_cases
    async with open_admin(services, reader) as connection:
        found = await read_models(connection, reader.person, reader.now, needed)
    names = {
        Target.CATEGORY: reader.text("类别"),
        Target.HOST: reader.text("主办部门"),
        Target.SEVERITY: reader.text("紧急程度"),
    }
    return admin_page(
        reader, "suggestions.html", found=found, target_names=names, decided_of=_decided_of,
        certainty=services.settings.suggestion_certainty,
    )  # fmt: skip


def _decided_of(model: ModelView, target: Target) -> tuple[int, int]:
    """How many suggestions of a target people took over, and how many they saw."""
    return next(((one.taken, one.shown) for one in model.decided if one.target is target), (0, 0))
