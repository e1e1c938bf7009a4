"""Domain errors by kind: one class per situation, with its code, its HTTP status, and its text in Chinese and English.

Every error is imported from here. How Temporal or HTTP carry an error does not belong here.
"""

from models.errors.attachment import (
    AttachmentAnimated as AttachmentAnimated,
)
from models.errors.attachment import (
    AttachmentDamaged as AttachmentDamaged,
)
from models.errors.attachment import (
    AttachmentEmpty as AttachmentEmpty,
)
from models.errors.attachment import (
    AttachmentLost as AttachmentLost,
)
from models.errors.attachment import (
    AttachmentMissing as AttachmentMissing,
)
from models.errors.attachment import (
    AttachmentTooLarge as AttachmentTooLarge,
)
from models.errors.attachment import (
    AttachmentTypeRefused as AttachmentTypeRefused,
)
from models.errors.attachment import (
    EvidenceMissing as EvidenceMissing,
)
from models.errors.attachment import (
    EvidenceTooLarge as EvidenceTooLarge,
)
from models.errors.attachment import (
    ImageTooLarge as ImageTooLarge,
)
from models.errors.attachment import (
    NotOfTheResult as NotOfTheResult,
)
from models.errors.attachment import (
    UnknownAttachment as UnknownAttachment,
)
from models.errors.availability import (
    Internal as Internal,
)
from models.errors.availability import (
    NotReady as NotReady,
)
from models.errors.availability import (
    NotSetUp as NotSetUp,
)
from models.errors.availability import (
    RecordingFailed as RecordingFailed,
)
from models.errors.availability import (
    StorageFull as StorageFull,
)
from models.errors.availability import (
    StoreAway as StoreAway,
)
from models.errors.availability import (
    StoreBehind as StoreBehind,
)
from models.errors.base import (
    DomainError as DomainError,
)
from models.errors.base import (
    Refusal as Refusal,
)
from models.errors.base import (
    UnknownRefusal as UnknownRefusal,
)
from models.errors.base import (
    known_errors as known_errors,
)
from models.errors.base import (
    refusal as refusal,
)
from models.errors.claim import (
    AlreadyClaimed as AlreadyClaimed,
)
from models.errors.claim import (
    ClaimForOthers as ClaimForOthers,
)
from models.errors.emergency import (
    EmergencyOpen as EmergencyOpen,
)
from models.errors.emergency import (
    EmergencyRuns as EmergencyRuns,
)
from models.errors.emergency import (
    NoSuchPlan as NoSuchPlan,
)
from models.errors.emergency import (
    StepsOpen as StepsOpen,
)
from models.errors.enterprise import (
    ColourNeverLeft as ColourNeverLeft,
)
from models.errors.enterprise import (
    CreditCodeAlphabet as CreditCodeAlphabet,
)
from models.errors.enterprise import (
    CreditCodeCheck as CreditCodeCheck,
)
from models.errors.enterprise import (
    CreditCodeLength as CreditCodeLength,
)
from models.errors.enterprise import (
    LeadOfOtherEnterprise as LeadOfOtherEnterprise,
)
from models.errors.enterprise import (
    UnknownEnterprise as UnknownEnterprise,
)
from models.errors.input import (
    AnswerMissing as AnswerMissing,
)
from models.errors.input import (
    CalendarsMissing as CalendarsMissing,
)
from models.errors.input import (
    CategoryOutOfUse as CategoryOutOfUse,
)
from models.errors.input import (
    DraftChanged as DraftChanged,
)
from models.errors.input import (
    GridMissing as GridMissing,
)
from models.errors.input import (
    HostAmongCoHandlers as HostAmongCoHandlers,
)
from models.errors.input import (
    IdMissing as IdMissing,
)
from models.errors.input import (
    InputError as InputError,
)
from models.errors.input import (
    LevelNotHigher as LevelNotHigher,
)
from models.errors.input import (
    NoSuchCase as NoSuchCase,
)
from models.errors.input import (
    NoSuchLead as NoSuchLead,
)
from models.errors.input import (
    NoSuchVersion as NoSuchVersion,
)
from models.errors.input import (
    NotACoHandler as NotACoHandler,
)
from models.errors.input import (
    NothingToChange as NothingToChange,
)
from models.errors.input import (
    NotYetPast as NotYetPast,
)
from models.errors.input import (
    OutsideYourDepartments as OutsideYourDepartments,
)
from models.errors.input import (
    PastCeiling as PastCeiling,
)
from models.errors.input import (
    PlaceContradictsGrid as PlaceContradictsGrid,
)
from models.errors.input import (
    PlaceOutsidePark as PlaceOutsidePark,
)
from models.errors.input import (
    PublishedIntoThePast as PublishedIntoThePast,
)
from models.errors.input import (
    ReasonMissing as ReasonMissing,
)
from models.errors.input import (
    TimeInFuture as TimeInFuture,
)
from models.errors.input import (
    TimeNotLater as TimeNotLater,
)
from models.errors.input import (
    TooLate as TooLate,
)
from models.errors.input import (
    UnknownCategory as UnknownCategory,
)
from models.errors.input import (
    UnknownCommand as UnknownCommand,
)
from models.errors.input import (
    UnknownCondition as UnknownCondition,
)
from models.errors.input import (
    UnknownDepartment as UnknownDepartment,
)
from models.errors.input import (
    UnknownGrid as UnknownGrid,
)
from models.errors.input import (
    UnknownPerson as UnknownPerson,
)
from models.errors.input import (
    VersionNotNewer as VersionNotNewer,
)
from models.errors.keys import (
    KeysAway as KeysAway,
)
from models.errors.keys import (
    NotUnmasked as NotUnmasked,
)
from models.errors.keys import (
    PayloadKeysAway as PayloadKeysAway,
)
from models.errors.keys import (
    UnderLegalHold as UnderLegalHold,
)
from models.errors.lists import (
    BadFilter as BadFilter,
)
from models.errors.lists import (
    ExportNotReady as ExportNotReady,
)
from models.errors.lists import (
    NoSuchPage as NoSuchPage,
)
from models.errors.lists import (
    RightsChanged as RightsChanged,
)
from models.errors.lists import (
    TooLongToWaitFor as TooLongToWaitFor,
)
from models.errors.lists import (
    TooManyExports as TooManyExports,
)
from models.errors.lists import (
    TooManyRows as TooManyRows,
)
from models.errors.lists import (
    TooManyViews as TooManyViews,
)
from models.errors.matter import (
    MatterEnded as MatterEnded,
)
from models.errors.matter import (
    MatterExists as MatterExists,
)
from models.errors.matter import (
    MatterNotNow as MatterNotNow,
)
from models.errors.matter import (
    NoSuchMatter as NoSuchMatter,
)
from models.errors.matter import (
    UnknownMatterCommand as UnknownMatterCommand,
)
from models.errors.plan import (
    DutyDoneAlready as DutyDoneAlready,
)
from models.errors.plan import (
    DutyNotOpen as DutyNotOpen,
)
from models.errors.plan import (
    ItemsMissing as ItemsMissing,
)
from models.errors.plan import (
    NobodyForPlace as NobodyForPlace,
)
from models.errors.plan import (
    NoSuchDuty as NoSuchDuty,
)
from models.errors.plan import (
    PhotoMissing as PhotoMissing,
)
from models.errors.plan import (
    PlaceOutsidePlan as PlaceOutsidePlan,
)
from models.errors.plan import (
    PlaceTwice as PlaceTwice,
)
from models.errors.plan import (
    PlanNeverDue as PlanNeverDue,
)
from models.errors.plan import (
    SamePlan as SamePlan,
)
from models.errors.plan import (
    UnknownCalendar as UnknownCalendar,
)
from models.errors.plan import (
    UnknownChecklist as UnknownChecklist,
)
from models.errors.plan import (
    UnknownItem as UnknownItem,
)
from models.errors.plan import (
    UnknownRating as UnknownRating,
)
from models.errors.plan import (
    UnknownShift as UnknownShift,
)
from models.errors.referral import (
    BookingsInTheWay as BookingsInTheWay,
)
from models.errors.referral import (
    CaseHasSlot as CaseHasSlot,
)
from models.errors.referral import (
    NoSuchBooking as NoSuchBooking,
)
from models.errors.referral import (
    NoSuchSlot as NoSuchSlot,
)
from models.errors.referral import (
    SlotNotOver as SlotNotOver,
)
from models.errors.referral import (
    SlotPassed as SlotPassed,
)
from models.errors.referral import (
    SlotTaken as SlotTaken,
)
from models.errors.referral import (
    SlotTooFarAhead as SlotTooFarAhead,
)
from models.errors.request import (
    BadRequest as BadRequest,
)
from models.errors.request import (
    BodyTooLarge as BodyTooLarge,
)
from models.errors.request import (
    BodyTooSlow as BodyTooSlow,
)
from models.errors.request import (
    BrokenForm as BrokenForm,
)
from models.errors.request import (
    BrokenJson as BrokenJson,
)
from models.errors.request import (
    MethodNotAllowed as MethodNotAllowed,
)
from models.errors.request import (
    NotSentAsJson as NotSentAsJson,
)
from models.errors.request import (
    UnknownHost as UnknownHost,
)
from models.errors.rights import (
    ConflictOfInterest as ConflictOfInterest,
)
from models.errors.rights import (
    ForeignRequest as ForeignRequest,
)
from models.errors.rights import (
    IdentityProviderAway as IdentityProviderAway,
)
from models.errors.rights import (
    IdentityRefused as IdentityRefused,
)
from models.errors.rights import (
    NoAccountForIdentity as NoAccountForIdentity,
)
from models.errors.rights import (
    NoSuchSession as NoSuchSession,
)
from models.errors.rights import (
    NoSuchToken as NoSuchToken,
)
from models.errors.rights import (
    NotRecusable as NotRecusable,
)
from models.errors.rights import (
    NotSignedIn as NotSignedIn,
)
from models.errors.rights import (
    NotYours as NotYours,
)
from models.errors.rights import (
    OutsideYourScope as OutsideYourScope,
)
from models.errors.rights import (
    PasswordChangedMeanwhile as PasswordChangedMeanwhile,
)
from models.errors.rights import (
    PasswordChangeRequired as PasswordChangeRequired,
)
from models.errors.rights import (
    ReviewerHandledIt as ReviewerHandledIt,
)
from models.errors.rights import (
    ReviewerOfHost as ReviewerOfHost,
)
from models.errors.rights import (
    ScopeMissing as ScopeMissing,
)
from models.errors.rights import (
    SecondFactorEnrolmentRequired as SecondFactorEnrolmentRequired,
)
from models.errors.rights import (
    SecondFactorExists as SecondFactorExists,
)
from models.errors.rights import (
    SecondFactorNeeded as SecondFactorNeeded,
)
from models.errors.rights import (
    SecondFactorRequired as SecondFactorRequired,
)
from models.errors.rights import (
    SecondFactorUnreadable as SecondFactorUnreadable,
)
from models.errors.rights import (
    SecondPersonNeeded as SecondPersonNeeded,
)
from models.errors.rights import (
    SignOutNotStored as SignOutNotStored,
)
from models.errors.rights import (
    TooManyAttempts as TooManyAttempts,
)
from models.errors.rights import (
    WeakPassword as WeakPassword,
)
from models.errors.rights import (
    WrongCode as WrongCode,
)
from models.errors.rights import (
    WrongOldPassword as WrongOldPassword,
)
from models.errors.rights import (
    WrongPassword as WrongPassword,
)
from models.errors.rights import (
    WrongSecondFactor as WrongSecondFactor,
)
from models.errors.stage import (
    AlreadyArchived as AlreadyArchived,
)
from models.errors.stage import (
    CaseSuspended as CaseSuspended,
)
from models.errors.stage import (
    CoHandlerHasReported as CoHandlerHasReported,
)
from models.errors.stage import (
    CoHandlersMissing as CoHandlersMissing,
)
from models.errors.stage import (
    CommandIdReused as CommandIdReused,
)
from models.errors.stage import (
    ExtensionsUsedUp as ExtensionsUsedUp,
)
from models.errors.stage import (
    LeadIsYounger as LeadIsYounger,
)
from models.errors.stage import (
    LeadOfOthers as LeadOfOthers,
)
from models.errors.stage import (
    LimitReached as LimitReached,
)
from models.errors.stage import (
    NoExtensionOnceOverdue as NoExtensionOnceOverdue,
)
from models.errors.stage import (
    NotACase as NotACase,
)
from models.errors.stage import (
    NothingToForecast as NothingToForecast,
)
from models.errors.stage import (
    NotNow as NotNow,
)
from models.errors.stage import (
    ReportIdReused as ReportIdReused,
)
from models.errors.stage import (
    ReturnSettled as ReturnSettled,
)
from models.errors.stage import (
    StaleRevision as StaleRevision,
)
from models.errors.stage import (
    TurnPassed as TurnPassed,
)
from models.errors.stage import (
    WrongStage as WrongStage,
)
from models.errors.station import (
    NoReadings as NoReadings,
)
from models.errors.station import (
    NoReadingTaken as NoReadingTaken,
)
from models.errors.station import (
    ReadingConflict as ReadingConflict,
)
from models.errors.station import (
    ReadingInFuture as ReadingInFuture,
)
from models.errors.station import (
    ReadingTooOld as ReadingTooOld,
)
from models.errors.station import (
    StationKeyOfAnother as StationKeyOfAnother,
)
from models.errors.station import (
    StationKeyWrong as StationKeyWrong,
)
from models.errors.station import (
    TooManyReadings as TooManyReadings,
)
from models.errors.station import (
    UnknownMetric as UnknownMetric,
)
