# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""passwordCredentials and keyCredentials of applications and service principals."""

from __future__ import annotations

import base64
import uuid
from datetime import timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.x509.oid import NameOID

from ..clock import in_utc, parse, stamp, two_years_after
from ..directory import ClientSecret, Record, Tenant
from ..errors import bad_request
from . import policies
from .graph_call import Answer, Call
from .keys import thumbprint
from .schemas import parameters

# To verify the application's signatures, or to encrypt tokens for it [doc]
USAGES = ("Verify", "Encrypt")
# The maximum length of a certificate's display name; longer ones are cut [doc: text of Microsoft's SDKs]
MAX_NAME = 90


def asked_password(call: Call) -> dict[str, Any]:
    """Return the checked ``passwordCredential`` of an addPassword request. An empty body requests all defaults."""
    asked = parameters(call.body, {}, {"passwordCredential": dict})["passwordCredential"] or {}
    call.schemas.check(asked, "passwordCredential", "create")
    asked = {name: value for name, value in asked.items() if "@odata." not in name}
    # A keyId was honored in 2021 [rec] and is no longer supported [doc]. How it is refused is not known [inf].
    if any(asked.get(name) for name in ("secretText", "hint", "keyId")):
        raise bad_request("New password credentials must be generated using service actions.")
    return asked


def new_password(call: Call, asked: dict[str, Any], owner: dict[str, Any]) -> dict[str, Any]:
    """Create a passwordCredential with its value. Raises Graph's 400 if dates or the policy forbid it."""
    now = call.now
    start, end = asked.get("startDateTime"), asked.get("endDateTime")
    start_text = in_utc(start) if start else stamp(now, 7)
    # The default expiry is counted from the server's current time, not from the requested start [rec].
    end_text = in_utc(end) if end else stamp(two_years_after(now), 7)
    if parse(end_text) <= now or parse(end_text) <= parse(start_text):
        raise bad_request("Key credential end date is invalid.")
    lifetime = parse(end_text) - max(parse(start_text), now - timedelta(minutes=10))
    policies.check_password(call.tenant, owner, lifetime)
    value = call.vault.client_secret()
    key_id = str(uuid.uuid4())
    call.tenant.client_secrets[key_id] = ClientSecret(value, call.directory.clock.time())
    return {
        "customKeyIdentifier": None,
        "displayName": asked.get("displayName"),
        "endDateTime": end_text,
        "hint": value[:3],
        "keyId": key_id,
        "secretText": value,
        "startDateTime": start_text,
    }


def password_answer(call: Call, made: dict[str, Any]) -> Answer:
    """The 200 response of addPassword with its odd ``Location`` [rec]."""
    body = {"@odata.context": call.context("microsoft.graph.passwordCredential"), **made}
    return Answer(200, body, {"Location": call.graph_url})


def remove_password(call: Call, owner: dict[str, Any]) -> None:
    """Remove the credential in the body from `owner`. Unknown and unreplicated key IDs give the same 400 [iss]."""
    key_id = parameters(call.body, {"keyId": str})["keyId"].lower()
    secret = call.tenant.client_secrets.get(key_id)
    kept = [item for item in owner["passwordCredentials"] if item["keyId"] != key_id]
    unknown = len(kept) == len(owner["passwordCredentials"])
    if unknown or (secret and not call.caller.primary and not call.directory.settled(secret.added)):
        raise bad_request(f"No password credential found with keyId {key_id}.")
    owner["passwordCredentials"] = kept
    call.tenant.client_secrets.pop(key_id, None)


def without_secrets(body: dict[str, Any]) -> dict[str, Any]:
    """Return a copy of the object as it is stored, without values."""
    return {**body, "passwordCredentials": [{**item, "secretText": None} for item in body["passwordCredentials"]]}


def keys_from(call: Call, sent: list[dict[str, Any]], owner: dict[str, Any]) -> list[dict[str, Any]]:
    """Return keyCredentials to store. An entry with a known key ID is kept, with or without its key. All others need
    one [rec].

    A kept entry keeps the display name and key identifier as sent [inf]. Nothing else in it can change [iss:
    Azure/azure-cli#14551].
    """
    known = {item["keyId"]: item for item in owner["keyCredentials"]}
    result = []
    for item in sent:
        held = known.get(str(item.get("keyId")).lower())
        if held:
            _check_unchanged(call.tenant, held, item)
            result.append({**held, **{name: item.get(name) for name in ("displayName", "customKeyIdentifier")}})
        elif item.get("key") is None:
            raise bad_request("Key value for the new credential is missing.")
        else:
            result.append(_new_key(call.tenant, item, owner))
            call.tenant.certificates_added[result[-1]["keyId"]] = call.directory.clock.time()
    if len({item["keyId"] for item in result}) != len(result):
        raise bad_request("Request contains a property with duplicate values.")
    return result


def _check_unchanged(tenant: Tenant, held: dict[str, Any], sent: dict[str, Any]) -> None:
    dates = ("startDateTime", "endDateTime")
    same = all(sent.get(name) in (None, held[name]) for name in ("type", "usage"))
    same = same and all(not sent.get(name) or parse(sent[name]) == parse(held[name]) for name in dates)
    if sent.get("key") is not None:
        same = same and sent["key"] == key_text(tenant.certificates[held["keyId"]])
    if not same:
        raise bad_request(f"Update to existing credential with KeyId '{held['keyId']}' is not allowed.")


def key_text(certificate: x509.Certificate) -> str:
    """Return a certificate as the ``key`` of a credential."""
    return base64.b64encode(certificate.public_bytes(serialization.Encoding.DER)).decode()


def with_keys(call: Call, body: dict[str, Any], select: str | None) -> dict[str, Any]:
    """Return one object as it is read. Its keyCredentials have their ``key`` only if $select names them [doc]."""
    if "keycredentials" not in [name.strip().lower() for name in (select or "").split(",")]:
        return body
    held = call.tenant.certificates
    keys = [
        {**item, "key": key_text(held[item["keyId"]]) if item["keyId"] in held else None}
        for item in body["keyCredentials"]
    ]
    return {**body, "keyCredentials": keys}


def _new_key(tenant: Tenant, item: dict[str, Any], owner: dict[str, Any]) -> dict[str, Any]:
    if item.get("type") != "AsymmetricX509Cert" or item.get("usage") not in USAGES:
        raise bad_request("Invalid value specified for property 'keyCredentials' of resource 'Application'.")
    try:
        certificate = read_certificate(item["key"])
    except ValueError:
        raise bad_request("Key credential value is not a valid X.509 certificate.") from None
    start = item.get("startDateTime") or stamp(certificate.not_valid_before_utc)
    end = item.get("endDateTime") or stamp(certificate.not_valid_after_utc)
    # A credential cannot be valid for longer than its certificate [iss].
    if not parse(start) < parse(end) <= certificate.not_valid_after_utc:
        raise bad_request("Key credential end date is invalid.")
    if parse(start) < certificate.not_valid_before_utc:
        raise bad_request("Key credential start date is invalid.")
    policies.check_certificate(tenant, owner, parse(end) - parse(start))
    key_id = str(item.get("keyId") or uuid.uuid4()).lower()
    tenant.certificates[key_id] = certificate
    return {
        "customKeyIdentifier": item.get("customKeyIdentifier") or thumbprint(certificate),
        "displayName": (item.get("displayName") or _subject(certificate))[:MAX_NAME],
        "endDateTime": in_utc(end),
        "key": None,
        "keyId": key_id,
        "startDateTime": in_utc(start),
        "type": "AsymmetricX509Cert",
        "usage": item["usage"],
    }


def _subject(certificate: x509.Certificate) -> str:
    """Format a certificate's subject as Windows does: "CN=.., O=.., S=.., C=.." [rec]."""
    names = {NameOID.STATE_OR_PROVINCE_NAME: "S"}
    return ", ".join(part.rfc4514_string(names) for part in reversed(certificate.subject.rdns))


def read_certificate(text: str) -> x509.Certificate:
    """Parse a certificate from base64 of its DER or PEM form. Raises ValueError."""
    raw = base64.b64decode(text.replace("-", "+").replace("_", "/") + "=" * (-len(text) % 4))
    if b"-----BEGIN" in raw:
        return x509.load_pem_x509_certificate(raw)
    return x509.load_der_x509_certificate(raw)


def live_passwords(tenant: Tenant, *holders: Record | None) -> list[dict[str, Any]]:
    """Return all passwordCredentials of an application and its service principal."""
    return [item for holder in holders if holder for item in holder.body["passwordCredentials"]]
