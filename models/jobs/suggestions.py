"""The training of suggestions: its names, and what a run did."""

from pydantic import Field

from models.base import Kept

TRAINING_WORKFLOW = "TrainSuggestions"
TRAINING_ACTIVITY = "train_suggestions"


class TrainingDone(Kept):
    """What one run of the training did, by park: the version that was made; None where nothing was to be made, with
    the reason in `silent`: `recent` (there is a new model), `few` (closed cases), `alike` (nothing to tell apart)."""

    made: dict[str, int] = Field(default_factory=dict)
    silent: dict[str, str] = Field(default_factory=dict)
