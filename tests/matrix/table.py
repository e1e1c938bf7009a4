"""Who may ask what: every route of the API and of the pages, by the rule that answers for it.

A route that is in no row, or in two, fails `test_routes`. Commands stand as `{command}`: who may give which stands in
`rules.life_cycle`, and in `who` of each kind of matter.
"""

from collections.abc import Iterator
from enum import StrEnum


class Rule(StrEnum):
    """What decides who is answered."""

    PUBLIC = "public"
    """Everybody, without signing in."""
    MACHINE = "machine"
    """A station's key, a key of Open311, or an administrator on the way to Temporal: tested apart."""
    LIST = "list"
    """Everybody who is signed in: what it holds is narrowed by scope."""
    CASE = "case"
    """Who may see the case (`rules.scope.may_see`); for everybody else there is none."""
    MATTER = "matter"
    """Who plays a part towards the matter (`rules.matters.standing`); for everybody else there is none."""
    OWN = "own"
    """One's own things only: for everybody else there are none."""
    FIGURES = "figures"
    """The roles of `services.figures.viewpoint`, each with the figures of its scope."""
    POINTS = "points"
    """One's own points, and those of whom one leads."""
    BULLETINS = "bulletins"
    """The roles of `services.figures.viewpoint`, each with the bulletins of its scope."""
    UNMASKINGS = "unmaskings"
    """Auditors and keepers."""
    ADMIN_READ = "admin_read"
    """Administrators, supervisors and auditors."""
    ACTIONS = "actions"
    """Administrators and auditors."""
    ADMIN = "admin"
    """Administrators without a grid limit."""
    ACCOUNT = "account"
    """Everybody who is signed in, about themselves."""
    CHANGE = "change"
    """Changes something that others see: never for those who only read."""


_ROWS: dict[Rule, str] = {
    Rule.PUBLIC: """
        GET /
        GET,POST /l/{token}
        GET /l/{token}/photo
        GET,POST /p
        POST /p/answer
        GET /p/desks
        GET /open311/discovery.{suffix}
        GET /open311/v2/discovery.{suffix}
        GET /open311/v2/services.{suffix}
        GET /open311/v2/services/{service_code}.{suffix}
        GET /open311/v2/requests.{suffix}
        GET /open311/v2/requests/{service_request_id}.{suffix}
        GET /open311/v2/tokens/{token}.{suffix}
        GET /open311/v2/servicerequestupdates.{suffix}
        GET /open311/v2/requests-bulk.csv
        GET /p/photo/{token}
        GET /p/qr.svg
        POST /p/rate
        POST /p/reopen
        GET,POST /p/report
        GET,POST /p/stop/{token}
        GET /p/undertakings
        GET,POST /sign-in
        POST /sign-in/code
        GET /sign-in/openid
        GET /sign-in/openid/back
        GET /sign-in/openid/out
        POST /sign-out
        POST /preferences
        GET /healthz
        GET /readyz
        GET /metrics
        GET /openapi.json
        GET /api/v1/auth/methods
        POST,DELETE /api/v1/auth/session
        POST /api/v1/auth/token
    """,
    Rule.MACHINE: """
        POST /api/v1/handovers/{id}/answer
        POST /api/v1/stations/{code}/readings
        POST /open311/v2/requests.{suffix}
        POST /open311/v2/servicerequestupdates.{suffix}
        POST /codec/decode
        POST /codec/encode
        OPTIONS /codec/{call}
        GET /temporal
        GET,POST,PUT,PATCH,DELETE /temporal/{path:path}
    """,
    Rule.LIST: """
        GET /api/v1/handovers
        GET /supervision/handovers
        GET /keys
        GET /queue
        GET /queue/head
        GET /queue/rows
        GET /intake
        GET /cases
        GET /cases/rows
        GET /cases/export.{format}
        GET /lists/changes
        GET /live
        GET /urges
        GET /palette
        GET /choices/colleagues
        GET /choices/enterprises
        GET /choices/grids
        GET /choices/people
        GET /park
        GET /park/duties
        GET /park/duties/load
        GET /park/enterprises
        GET /park/points
        GET /park/{path}
        GET /park/{path}/new
        GET /park/plans/new
        GET /park/enterprises/new
        GET /park/enterprises/import
        GET /api/v1/cases
        GET /api/v1/cases/answers
        GET /api/v1/cases/duplicates
        POST /api/v1/suggestions
        GET /api/v1/inbox
        GET /api/v1/grids
        GET /api/v1/grids.geojson
        GET /api/v1/categories
        GET /api/v1/departments
        GET /api/v1/people
        GET /api/v1/zones
        GET /api/v1/duties
        GET /api/v1/duties/figures
        GET /api/v1/duties/load
        GET /api/v1/duties/mine
        GET /api/v1/emergency-steps
        GET /api/v1/enterprises/counts
        GET /api/v1/enterprises/suggest
        GET /api/v1/claims
        GET /api/v1/emergencies
        GET /api/v1/enterprises
        GET /api/v1/meetings
        GET /api/v1/plans
        GET /api/v1/referral-desks
        GET /api/v1/stations
        GET /api/v1/topics
        GET /api/v1/undertakings
        GET /api/v1/supervision/figures
        GET /api/v1/feed/definitions
        GET /api/v1/supervision/work
        GET /api/v1/grids/{code}
        GET /api/v1/duties/{duty}
        GET /park/duties/{duty}
    """,
    Rule.CASE: """
        GET /api/v1/cases/{case_no}
        GET /api/v1/cases/{case_no}/messages
        GET /api/v1/cases/{case_no}/adoption
        GET /api/v1/cases/{case_no}/bookings
        GET /api/v1/cases/{case_no}/emergencies
        GET /api/v1/cases/{case_no}/facts
        GET /api/v1/cases/{case_no}/forecast
        GET /api/v1/cases/{case_no}/links
        GET /api/v1/cases/{case_no}/suggestions
        GET /api/v1/cases/{case_no}/reporter
        GET /api/v1/reports/{report_id}
        GET /api/v1/attachments/{sha256}
        GET /api/v1/attachments/{sha256}/thumbnail
        GET /cases/{case_no}
        GET /cases/{case_no}/archived
        GET /cases/{case_no}/act/{command}
        GET /cases/{case_no}/evidence.zip
        GET /cases/{case_no}/history.json
        GET /cases/{case_no}/links
        GET /cases/{case_no}/preview
        GET /cases/{case_no}/print
        GET /cases/{case_no}/reporter
        GET /urges/{case_no}/{number}
    """,
    Rule.MATTER: """
        GET /api/v1/claims/{code}
        GET /api/v1/claims/{code}/facts
        GET /api/v1/emergencies/{code}
        GET /api/v1/emergencies/{code}/facts
        GET /api/v1/emergencies/{code}/told
        GET /api/v1/enterprises/{code}
        GET /api/v1/enterprises/{code}/colour
        GET /api/v1/enterprises/{code}/facts
        GET /api/v1/meetings/{code}
        GET /api/v1/meetings/{code}/facts
        GET /api/v1/plans/{code}
        GET /api/v1/plans/{code}/facts
        GET /api/v1/referral-desks/{code}
        GET /api/v1/referral-desks/{code}/facts
        GET /api/v1/referral-desks/{code}/sittings.ics
        GET /api/v1/referral-desks/{code}/slots
        GET /api/v1/stations/{code}
        GET /api/v1/stations/{code}/facts
        GET /api/v1/stations/{code}/now
        GET /api/v1/stations/{code}/readings
        GET /api/v1/topics/{code}
        GET /api/v1/topics/{code}/facts
        GET /api/v1/undertakings/{code}
        GET /api/v1/undertakings/{code}/facts
        GET /park/enterprises/{code}
        GET /park/plans/{code}
        GET /park/{path}/{code}
    """,
    Rule.OWN: """
        GET,DELETE /api/v1/exports/{id}
        GET /api/v1/exports/{id}/file
        GET /exports/{id_}/file
        POST /exports/{id_}/stop
        DELETE /api/v1/me/sessions/{id}
        DELETE /api/v1/me/tokens/{id}
        POST /views/{id_}/remove
    """,
    Rule.FIGURES: """
        GET /board
        GET /analysis
        GET /analysis.xlsx
        GET /ladder
        GET /map
        GET /map/cases/{code}
        GET /map/counts.json
        GET /map/points.json
        GET /map/shapes.geojson
        GET /overdue
        GET /overdue/{case_no}
        GET /ranking
        GET /ranking.xlsx
        GET /api/v1/feed/answers
        GET /api/v1/feed/answers.csv
        GET /api/v1/feed/days
        GET /api/v1/feed/days.csv
        GET /api/v1/feed/now
        GET /api/v1/feed/now.csv
        GET /api/v1/supervision/board
        GET /api/v1/supervision/export.{format}
        GET /api/v1/supervision/overdue
        GET /api/v1/supervision/ranking
    """,
    Rule.POINTS: """
        GET /api/v1/supervision/points
        GET /api/v1/supervision/points/{subject}/{code}
        GET /park/points/{subject}/{code}
    """,
    Rule.BULLETINS: """
        GET /bulletins
        GET /bulletins/{id}
        GET /bulletins/{id}/export.xlsx
        GET /api/v1/supervision/bulletins
        GET /api/v1/supervision/bulletins/{id}
        GET /api/v1/supervision/bulletins/{id}/export.xlsx
    """,
    Rule.UNMASKINGS: """
        GET /unmaskings
        GET /api/v1/unmaskings
    """,
    Rule.ADMIN_READ: """
        GET /api/v1/admin/receivers
        GET /admin/receivers
        GET /admin
        GET /admin/suggestions
        GET /api/v1/admin/suggestions
        GET /admin/calendars
        GET /admin/categories
        GET /admin/grids
        GET /admin/ladders
        GET /admin/org
        GET /admin/people
        GET /admin/people/new
        GET /admin/people/{username}
        GET /admin/policies
        GET /admin/policies/{number}
        GET /admin/roster
        GET /api/v1/org/lint
        GET /admin/drafts/{id}
        GET /admin/drafts/{id}/changes
        GET /admin/drafts/{id}/{section}
        GET /admin/simulations/{id}
        GET /admin/simulations/{id}/report.html
    """,
    Rule.ACTIONS: """
        GET /admin/actions
        GET /admin/actions.xlsx
        GET /api/v1/admin/actions
        GET /api/v1/admin/actions.xlsx
        GET /api/v1/admin/people/{username}/interests
    """,
    Rule.ADMIN: """
        PUT /api/v1/admin/receivers/{code}
        PUT /api/v1/admin/receivers/{code}/key
        POST /api/v1/admin/receivers/{code}/secret
        POST /api/v1/admin/receivers/{code}/test
        POST /admin/receivers
        POST /admin/receivers/secret
        POST /admin/receivers/test
        GET,POST /api/v1/admin/open311-keys
        DELETE /api/v1/admin/open311-keys/{id}
        GET,POST /admin/open311
        POST /admin/open311/revoke
        GET,DELETE /api/v1/admin/people/{username}/sessions
        DELETE /api/v1/admin/people/{username}/sessions/{id}
        GET,POST /admin/channels
        GET /admin/channels/new
        GET /admin/channels/{id}
        POST /admin/channels/{id}/remove
        POST /admin/channels/{id}/test
        POST /admin/channels/hooks
        POST /admin/channels/hooks/{id}/end
        GET /admin/deliveries
        GET /admin/deliveries/{key}
        POST /admin/deliveries/{key}/replay
        GET /api/v1/admin/channels
        DELETE,PUT /api/v1/admin/channels/{id}
        POST /api/v1/admin/channels/{id}/test
        GET /api/v1/admin/deliveries
        GET /api/v1/admin/deliveries/{key}
        POST /api/v1/admin/deliveries/{key}/replay
        GET,POST /api/v1/admin/hooks
        DELETE /api/v1/admin/hooks/{id}
        DELETE /api/v1/admin/people/{username}/tokens
        DELETE /api/v1/admin/people/{username}/second-factor
        PUT /api/v1/admin/people/{username}/interests
        POST /api/v1/admin/people/{username}/interests/{id}/end
        POST /api/v1/admin/people/{username}/password
        POST /admin/drafts
        POST /admin/drafts/{id}
        POST /admin/drafts/{id}/{section}
        POST /admin/grids
        POST /admin/people
        POST /admin/people/new
        POST /admin/people/{username}
        POST /admin/people/{username}/interests
        POST /admin/people/{username}/password
        POST /admin/people/{username}/roles
        POST /admin/people/{username}/second-factor
        POST /admin/people/{username}/sessions
        POST /admin/roster/absence
        POST /admin/roster/shift
    """,
    Rule.ACCOUNT: """
        GET /acts/{id}
        GET /api/v1/me
        POST /api/v1/me/password
        GET /api/v1/me/reports
        GET,POST /api/v1/me/second-factor
        POST /api/v1/me/second-factor/confirm
        POST /api/v1/me/second-factor/recovery-codes
        POST /api/v1/me/second-factor/remove
        GET,DELETE /api/v1/me/sessions
        GET,PUT /api/v1/me/notifications
        POST /api/v1/me/notifications/addresses
        DELETE /api/v1/me/notifications/addresses/{id}
        POST /api/v1/me/notifications/addresses/{id}/code
        POST /api/v1/me/notifications/addresses/{id}/verify
        GET,POST,DELETE /api/v1/me/push
        GET,PUT /api/v1/me/settings
        GET,POST /api/v1/me/tokens
        GET,POST /api/v1/exports
        GET,POST /exports
        POST /api/v1/attachments
        GET /api/v1/notices
        POST /api/v1/notices/read
        GET /notices
        GET /notices/bell
        POST /notices/read
        GET,POST /settings
        POST /settings/columns
        GET,POST /settings/notifications
        POST /settings/notifications/address
        GET,POST /settings/password
        GET,POST /settings/second-factor
        POST /settings/second-factor/codes
        POST /settings/second-factor/remove
        GET /settings/security
        POST /settings/sessions/end
        GET,POST /settings/tokens
        POST /settings/tokens/revoke
        POST /views
        POST /cases/{case_no}/viewers
    """,
    Rule.CHANGE: """
        POST /api/v1/cases
        POST /api/v1/cases/{case_no}/commands/{command}
        POST /api/v1/cases/{case_no}/emergencies
        POST /api/v1/cases/{case_no}/links
        DELETE /api/v1/cases/{case_no}/links/{id}
        POST /api/v1/handovers/{id}/settle/{decision}
        POST /supervision/handovers/{id}/{decision}
        POST /cases/{case_no}/links
        POST /cases/{case_no}/links/{id}/take-back
        POST /api/v1/cases/{case_no}/progress-code
        POST /api/v1/bulk/{command}
        GET,POST /cases/{case_no}/commands/{command}
        POST /queue/bulk
        POST /overdue/bulk
        POST /overdue/{case_no}/comment
        POST /overdue/{case_no}/escalate
        POST /overdue/{case_no}/inspect
        POST /overdue/{case_no}/urge
        POST /urges/{case_no}/{number}
        POST /bulletins
        POST /api/v1/supervision/bulletins
        POST /api/v1/duties/{duty}/report
        POST /api/v1/claims
        POST /api/v1/claims/{code}/commands/{command}
        POST /api/v1/emergencies/{code}/commands/{command}
        POST /api/v1/enterprises
        POST /api/v1/enterprises/import
        POST /api/v1/enterprises/{code}/commands/{command}
        POST /api/v1/meetings
        POST /api/v1/meetings/{code}/commands/{command}
        POST /api/v1/plans
        POST /api/v1/plans/{code}/commands/{command}
        POST /api/v1/referral-desks
        POST /api/v1/referral-desks/{code}/commands/{command}
        POST /api/v1/stations
        POST /api/v1/stations/{code}/commands/{command}
        POST /api/v1/stations/{code}/key
        POST /api/v1/topics
        POST /api/v1/topics/{code}/commands/{command}
        POST /api/v1/undertakings
        POST /api/v1/undertakings/{code}/commands/{command}
        GET,POST /park/emergencies/new
        POST /park/enterprises/import
        POST /park/plans/new
        POST /park/plans/{code}/amend_plan
        POST /park/referral-desks/{code}/book
        POST /park/stations/{code}/rotate_key
        POST /park/{path}/new
        POST /park/{path}/{code}/{command}
    """,
}


def rows() -> Iterator[tuple[str, str, Rule]]:
    """Each method and path with its rule."""
    for rule, lines in _ROWS.items():
        for line in lines.split("\n"):
            if line.strip():
                methods, path = line.split()
                yield from ((method, path, rule) for method in methods.split(","))
