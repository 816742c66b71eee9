# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Client authentication at the token endpoint."""

from __future__ import annotations

import base64
import binascii
import json
import time
from collections import Counter
from datetime import datetime, timezone
from typing import Any
from urllib.parse import unquote_plus

from ..clock import parse
from ..directory import Directory, Record, Tenant
from ..errors import StsError
from . import credentials, keys
from .keys import SigningKey

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
SKEW = 300
_FEDERATED = {"issuer": "iss", "subject": "sub", "audience": "aud"}


def is_disabled(application: Record, principal: Record | None) -> bool:
    """Return whether no tokens are issued for an application because it or its service principal is deactivated or
    disabled.

    The code for a deactivated application is unknown; the one for a disabled principal is used [inf].
    """
    holders = [application.body, *([principal.body] if principal else [])]
    return (principal is not None and principal.body["accountEnabled"] is False) or any(
        body["isDisabled"] or body["disabledByMicrosoftStatus"] not in (None, "NotDisabled") for body in holders
    )


class Clients:
    """Identify and authenticate a client."""

    def __init__(self, directory: Directory, workloads: SigningKey) -> None:
        self._directory = directory
        self._workloads = workloads
        self._tries: Counter[str] = Counter()

    def find(self, tenant: Tenant, app_id: str) -> tuple[Record, Record | None]:
        """Return the registration and, if one exists, the service principal in this tenant. Raises AADSTS700016."""
        principal = tenant.service_principal(app_id)
        application = tenant.application(app_id)
        if application is None and principal is not None:
            elsewhere = self._directory.application(app_id)
            application = elsewhere[1] if elsewhere else None
        if application is None:
            raise StsError(700016, app_id=app_id, tenant_name=tenant.name)
        if is_disabled(application, principal):
            raise StsError(7000112, app_id=app_id, app_name=application.body["displayName"])
        return application, principal

    def authenticate(self, tenant: Tenant, app_id: str, form: dict[str, str], endpoints: list[str]) -> bool:
        """Check the secret or assertion in the form. Returns False if there is none. Raises an AADSTS error.

        `endpoints` are the audiences that a client assertion may name.
        """
        application, principal = self.find(tenant, app_id)
        home, _record = self._directory.application(app_id) or (tenant, application)
        if form.get("client_assertion"):
            if form.get("client_assertion_type") != ASSERTION_TYPE:
                raise StsError(90014, field="client_assertion_type")
            self._check_assertion(home, app_id, application, principal, form["client_assertion"], endpoints)
            return True
        if form.get("client_secret"):
            self._check_secret(home, tenant, app_id, application, principal, form["client_secret"])
            return True
        return False

    def _check_secret(
        self, home: Tenant, tenant: Tenant, app_id: str, application: Record, principal: Record | None, sent: str
    ) -> None:
        now = self._directory.now()
        values = {**tenant.client_secrets, **home.client_secrets}
        expired = []
        for item in credentials.live_passwords(tenant, application, principal):
            secret = values.get(item["keyId"])
            over = parse(item["endDateTime"]) <= now
            expired.append(over)
            if secret is None or secret.value != sent:
                continue
            if over:
                raise StsError(7000222, app_id=app_id)
            if not self._directory.secret_settled(secret.added):
                # Until it is replicated, a new secret is reported as wrong, and sometimes even as expired [iss].
                self._tries[item["keyId"]] += 1
                raise StsError(7000222 if self._tries[item["keyId"]] % 3 == 0 else 7000215, app_id=app_id)
            if parse(item["startDateTime"]) > now:
                raise StsError(7000215, app_id=app_id)
            return
        raise StsError(7000222 if expired and all(expired) else 7000215, app_id=app_id)

    def _check_assertion(
        self,
        home: Tenant,
        app_id: str,
        application: Record,
        principal: Record | None,
        assertion: str,
        endpoints: list[str],
    ) -> None:
        header, unverified = _decoded(assertion)
        if unverified.get("iss") != app_id:
            self._check_federated(application, assertion, unverified)
            return
        held = [item for holder in (application, principal) if holder for item in holder.body["keyCredentials"]]
        named = [item for item in held if keys.is_named_by(home.certificates[item["keyId"]], header)]
        named_by = f", Thumbprint of key used by client: '{header.get('x5t#S256') or header.get('x5t')}'"
        added = [home.certificates_added.get(item["keyId"], 0.0) for item in named]
        # As for client secrets and federated credentials, until it is replicated [inf]
        if not any(map(self._directory.secret_settled, added)):
            raise StsError(700027, is_not="not registered", reason=f"The key was not found.{named_by}")
        if parse(named[0]["endDateTime"]) <= self._directory.now():
            # The wording is from public reports [iss]
            found = f"Start={_local(named[0]['startDateTime'])}, End={_local(named[0]['endDateTime'])}"
            reason = f"The key used is expired.{named_by}, Found key '{found}'"
            raise StsError(700027, is_not="expired", reason=reason)
        try:
            claims = keys.read_assertion(assertion, home.certificates[named[0]["keyId"]])
        except ValueError:
            reason = f"The key was found, but it could not validate the signature.{named_by}"
            raise StsError(700027, is_not="not registered", reason=reason) from None
        # The client created its assertion by its own clock, which the lab cannot move.
        now = time.time()
        first, last = claims.get("nbf", claims.get("iat", now)), claims.get("exp", 0)
        if not first - SKEW <= now <= last + SKEW:
            raise StsError(700024, now=_moment(now), valid_from=_moment(first), valid_to=_moment(last))
        if claims.get("sub") != app_id:
            raise StsError(700021)
        audience = claims.get("aud")
        if not set(audience if isinstance(audience, list) else [audience]) & set(endpoints):
            raise StsError(700023)

    def _check_federated(self, application: Record, assertion: str, unverified: dict[str, Any]) -> None:
        """Check a workload's token used in place of a client's own assertion. The lab issues all such tokens itself."""
        sent = {name: str(unverified.get(claim)) for name, claim in _FEDERATED.items()}
        try:
            claims = self._workloads.read(assertion)
        except ValueError:
            raise StsError(700211, **sent) from None
        if claims.get("exp", 0) + SKEW < time.time():
            raise StsError(700024, now=_moment(time.time()), valid_from="", valid_to=_moment(claims.get("exp", 0)))
        for item in application.federated:
            if (item["issuer"], item["subject"], item["audiences"]) == (claims["iss"], claims["sub"], [claims["aud"]]):
                return
        raise StsError(70021, **sent)


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.0000000Z")


def _local(stamp: str) -> str:
    """Format a time as this error does, in US notation."""
    return parse(stamp).strftime("%m/%d/%Y %H:%M:%S")


def _decoded(assertion: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return header and claims of a token, unverified. Raises AADSTS50012 if it is malformed or contains a line break
    [inf].
    """
    if assertion != assertion.strip():
        raise StsError(50012)
    try:
        header, claims = (json.loads(base64.urlsafe_b64decode(part + "==")) for part in assertion.split(".")[:2])
        return dict(header), dict(claims)
    except (ValueError, TypeError):
        raise StsError(50012) from None


def with_basic(form: dict[str, str], authorization: str) -> dict[str, str]:
    """Return the form with client_id and client_secret from a Basic header, both form-encoded per OAuth [doc]."""
    scheme, _space, value = authorization.partition(" ")
    if scheme.lower() != "basic":
        return form
    try:
        name, _colon, secret = base64.b64decode(value).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        raise StsError(50012) from None
    return {"client_id": unquote_plus(name), "client_secret": unquote_plus(secret), **form}
