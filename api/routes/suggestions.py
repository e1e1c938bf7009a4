"""Routes of the suggestions at intake: for a case, for words that are being typed, and how right the models are."""

from fastapi import APIRouter

from api.parameters import KNOWN_PARAMETERS
from doors.dependencies import ResourcesDep
from doors.language import Language
from doors.problems import PROBLEMS
from doors.security import Caller, Now
from doors.strict_json import StrictRoute
from services.accounts.limits import SUGGESTION_CALLS
from services.cases.queries import get_case
from services.suggestions.accuracy import ModelList, read_models
from services.suggestions.suggest import TypedWords, suggest_for_case, suggest_for_words
from services.suggestions.views import Suggestions

router = APIRouter(route_class=StrictRoute, prefix="/api/v1", responses=PROBLEMS, dependencies=[KNOWN_PARAMETERS])


@router.get("/cases/{case_no}/suggestions", tags=["cases"])
async def suggest_case(
    case_no: str, resources: ResourcesDep, caller: Caller, now: Now, language: Language
) -> Suggestions:
    """What the park's own closed cases suggest for what the caller may choose now: category and severity before the
    case is accepted, its host before it is dispatched. Nothing below the set certainty."""
    async with resources.reading.connect() as connection:
        case = await get_case(connection, caller, case_no, now, language)
        return await suggest_for_case(connection, resources.settings, case, language)


@router.post("/suggestions", tags=["suggestions"])
async def suggest_words(
    words: TypedWords, resources: ResourcesDep, caller: Caller, now: Now, language: Language
) -> Suggestions:
    """The category suggested for words that are being typed. Stores nothing."""
    await SUGGESTION_CALLS.use(resources.engine, str(caller.id), now)
    async with resources.reading.connect() as connection:
        return await suggest_for_words(connection, resources.settings, caller, words, now, language)


@router.get("/admin/suggestions", tags=["administration"])
async def read_accuracy(resources: ResourcesDep, caller: Caller, now: Now) -> ModelList:
    """How right the models of the parks are that the caller supervises: held out when they were made, and by what
    people decided since; the newest first."""
    async with resources.reading.connect() as connection:
        return await read_models(connection, caller, now, resources.settings.suggestion_cases)
