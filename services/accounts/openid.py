"""Signing in through an identity provider by OpenID Connect: the code flow with PKCE, state and nonce.

What the provider is and where its doors are comes from its own description (OpenID Connect Discovery 1.0).
"""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import httpx
import jwt
import structlog
from authlib.common.security import generate_token
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from joserfc import jwt as signed_tokens
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from infra.settings import Settings
from infra.token_keys import read_claims, sign_claims
from models.errors import IdentityProviderAway, IdentityRefused, NoAccountForIdentity
from models.text import clean_code, find_control
from services.accounts.sessions import Origin
from services.accounts.sign_in import Token, sign_in_trusted

log = structlog.get_logger(__name__)

#: Seconds that the provider may take to answer, that a sign-in there may take, and that clocks may differ.
ANSWER_SECONDS, STEP_SECONDS, LEEWAY = 10, 600, 60
#: How long the provider's description and keys are kept. Unknown keys are asked for at once.
_KEPT = timedelta(hours=1)
_ISSUER = "gridloop-openid"
_SCOPE = "openid profile email"
#: Algorithms with a public key: a provider's answer is never believed for a shared secret.
_ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]
_PERSON = text("SELECT id, username FROM people WHERE username = :username AND active")


@dataclass(frozen=True)
class Begun:
    """Where to send the browser, and what its cookie keeps until it comes back."""

    url: str
    cookie: str


@dataclass
class IdentityProvider:
    """The provider of the settings, with what it says of itself, kept for an hour in this process."""

    _known: dict[str, Any] = field(default_factory=dict)
    _keys: KeySet | None = None
    _read_at: datetime | None = None
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def begin(self, settings: Settings, back: str, next_: str, now: datetime) -> Begun:
        """Return where the browser goes to sign in. `back`: our address to come back to; `next_`: the page after that.

        Raises IdentityProviderAway.
        """
        known = await self._describe(settings, now)
        state, nonce, verifier = generate_token(32), generate_token(32), generate_token(64)
        url: str = prepare_grant_uri(
            known["authorization_endpoint"],
            settings.oidc_client_id or "",
            "code",
            redirect_uri=back,
            scope=_SCOPE,
            state=state,
            nonce=nonce,
            code_challenge=create_s256_code_challenge(verifier),  # type: ignore[no-untyped-call]
            code_challenge_method="S256",
        )
        claims = {
            "iss": _ISSUER, "state": state, "nonce": nonce, "verifier": verifier, "next": next_,
            "until": int(now.timestamp()) + STEP_SECONDS,
        }  # fmt: skip
        return Begun(url, sign_claims(settings, claims))

    async def finish(
        self, engine: AsyncEngine, settings: Settings, cookie: str, code: str, state: str, back: str,
        origin: Origin, now: datetime,
    ) -> tuple[Token, str]:  # fmt: skip
        """Exchange the code, check who it is for, and open a session. Return its token and the page to go to.

        Raises IdentityRefused for an answer that does not belong to what was begun, or that the provider did not sign
        for us; NoAccountForIdentity, IdentityProviderAway.
        """
        begun = _read_cookie(settings, cookie, state, now)
        claims = await self._exchange(settings, code, back, begun, now)
        name = claims.get(settings.oidc_claim)
        if settings.oidc_claim == "email" and claims.get("email_verified") is False:
            name = None
        if not isinstance(name, str) or not name.strip() or find_control(name):
            raise NoAccountForIdentity(identity=str(claims.get("sub", "?"))[:80])
        async with engine.connect() as connection:
            person = (await connection.execute(_PERSON, {"username": clean_code(name)})).one_or_none()
        if person is None:
            raise NoAccountForIdentity(identity=name[:80])
        token = await sign_in_trusted(engine, settings, person.id, person.username, origin, now)
        return token, str(begun["next"])

    async def sign_out_address(self, settings: Settings, back: str, now: datetime) -> str | None:
        """Return where one signs out at the provider; None if it has no such page. Raises IdentityProviderAway."""
        place = (await self._describe(settings, now)).get("end_session_endpoint")
        if not place:
            return None
        return f"{place}?{urlencode({'client_id': settings.oidc_client_id, 'post_logout_redirect_uri': back})}"

    async def _exchange(
        self, settings: Settings, code: str, back: str, begun: dict[str, Any], now: datetime
    ) -> dict[str, Any]:
        known = await self._describe(settings, now)
        form = {
            "grant_type": "authorization_code", "code": code, "redirect_uri": back,
            "client_id": settings.oidc_client_id or "", "code_verifier": begun["verifier"],
        }  # fmt: skip
        secret = settings.oidc_client_secret
        auth = None if secret is None else (settings.oidc_client_id or "", secret.get_secret_value())
        answer = await _ask("POST", known["token_endpoint"], data=form, auth=auth)
        try:
            given = answer.json()
            claims = await self._check_token(settings, str(given["id_token"]), str(begun["nonce"]), now)
        except (KeyError, TypeError, ValueError) as error:
            raise IdentityRefused(why="token") from error
        if settings.oidc_claim not in claims and known.get("userinfo_endpoint") and given.get("access_token"):
            claims |= await _userinfo(known["userinfo_endpoint"], str(given["access_token"]), claims.get("sub"))
        return claims

    async def _check_token(self, settings: Settings, token: str, nonce: str, now: datetime) -> dict[str, Any]:
        """Return the claims of an ID token that the provider signed for us and this sign-in. Raises IdentityRefused."""
        try:
            decoded = signed_tokens.decode(token, await self._key_set(settings, now), algorithms=_ALGORITHMS)
        except (JoseError, ValueError):
            try:  # the provider may have changed its keys
                keys = await self._key_set(settings, now, anew=True)
                decoded = signed_tokens.decode(token, keys, algorithms=_ALGORITHMS)
            except (JoseError, ValueError) as error:
                raise IdentityRefused(why="signature") from error
        options = {
            "iss": {"essential": True, "value": self._known["issuer"]},
            "aud": {"essential": True, "value": settings.oidc_client_id},
            "sub": {"essential": True},
        }
        params = {"nonce": nonce, "client_id": settings.oidc_client_id}
        try:
            checked = CodeIDToken(decoded.claims, decoded.header, options, params)
            checked.validate(now=int(now.timestamp()), leeway=LEEWAY)
        except JoseError as error:
            raise IdentityRefused(why=type(error).__name__) from error
        return dict(decoded.claims)

    async def _describe(self, settings: Settings, now: datetime) -> dict[str, Any]:
        async with self._lock:
            if self._read_at is None or now - self._read_at > _KEPT:
                issuer = (settings.oidc_issuer or "").rstrip("/")
                answer = await _ask("GET", f"{issuer}/.well-known/openid-configuration")
                known = _json(answer)
                needed = ("issuer", "authorization_endpoint", "token_endpoint", "jwks_uri")
                if any(not isinstance(known.get(name), str) for name in needed):
                    raise IdentityProviderAway()
                if str(known["issuer"]).rstrip("/") != issuer:
                    raise IdentityProviderAway()
                self._known, self._keys, self._read_at = known, None, now
            return self._known

    async def _key_set(self, settings: Settings, now: datetime, *, anew: bool = False) -> KeySet:
        known = await self._describe(settings, now)
        async with self._lock:
            if self._keys is None or anew:
                try:
                    self._keys = KeySet.import_key_set(_json(await _ask("GET", known["jwks_uri"])))  # type: ignore[arg-type]
                except (JoseError, KeyError, TypeError, ValueError) as error:
                    raise IdentityProviderAway() from error
            return self._keys


def _read_cookie(settings: Settings, cookie: str, state: str, now: datetime) -> dict[str, Any]:
    """Return what was begun in this browser. Raises IdentityRefused for another state, or too late."""
    try:
        claims = read_claims(settings, cookie, _ISSUER, ("iss", "state", "nonce", "verifier", "next", "until"))
    except jwt.PyJWTError as error:
        raise IdentityRefused(why="state") from error
    if claims["state"] != state or now.timestamp() >= float(claims["until"]):
        raise IdentityRefused(why="state")
    return claims


async def _userinfo(place: str, token: str, sub: object) -> dict[str, Any]:
    found = _json(await _ask("GET", place, headers={"Authorization": f"Bearer {token}"}))
    if found.get("sub") != sub:  # OpenID Connect Core 5.3.2
        raise IdentityRefused(why="userinfo")
    return found


async def _ask(method: str, place: str, **more: Any) -> httpx.Response:
    """Return the provider's answer. Raises IdentityRefused for a 4xx, IdentityProviderAway for none and for a 5xx."""
    try:
        async with httpx.AsyncClient(trust_env=False, timeout=ANSWER_SECONDS) as http:
            told = {"Accept": "application/json", **more.pop("headers", {})}
            answer = await http.request(method, place, headers=told, **more)
    except (httpx.TransportError, httpx.InvalidURL) as error:
        raise IdentityProviderAway() from error
    if answer.is_client_error and method == "POST":
        # For the operator: the provider says what is wrong with how we are registered there. It names no person.
        log.warning("identity provider refused", status=answer.status_code, said=answer.text[:300])
        raise IdentityRefused(why="code")
    if not answer.is_success:
        raise IdentityProviderAway()
    return answer


def _json(answer: httpx.Response) -> dict[str, Any]:
    try:
        found = answer.json()
    except ValueError as error:
        raise IdentityProviderAway() from error
    if not isinstance(found, dict):
        raise IdentityProviderAway()
    return found
