# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""No canary gets through the sanitizer, wherever and in whatever form it is in an exchange; public values do."""

from __future__ import annotations

import base64
import json
import re
import string
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st
from live import vocabulary
from live.sanitizer import Sanitizer

ALNUM = string.ascii_letters + string.digits
INNER = ALNUM + "-._~+/=!$%@:'(),&"
canaries = (
    st.builds(
        lambda first, middle, last: first + middle + last,
        st.sampled_from(ALNUM),
        st.text(INNER, min_size=8, max_size=40),
        st.sampled_from(ALNUM),
    )
    | st.uuids().map(str)
    | st.from_regex(r"[a-z]{3,12}\.[a-z]{4,12}\.(com|net|local)", fullmatch=True)
)


def jwt(canary: str) -> str:
    """Return an unsigned token with the canary in its header and in its claims."""
    parts = ({"alg": "none", "kid": canary}, {"sub": canary, "tid": "x"})
    head, body = (base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts)
    return f"{head}.{body}.{canary}"


WAYS: dict[str, Callable[[str], str]] = {
    "plain": str,
    "upper case": str.upper,
    "in words": lambda c: f"Resource '{c}' does not exist.",
    "base64": lambda c: base64.b64encode(c.encode()).decode(),
    "base64, shifted": lambda c: base64.b64encode(b"x" + c.encode()).decode(),
    "base64 for URLs": lambda c: base64.urlsafe_b64encode(b"ab" + c.encode()).decode().rstrip("="),
    "hexadecimal": lambda c: c.encode().hex(),
    "percent-encoded": lambda c: quote(c, safe=""),
    "percent-encoded twice": lambda c: quote(quote(c, safe=""), safe=""),
    "all percent-encoded": lambda c: "".join(f"%{byte:02x}" for byte in c.encode()),
    "JWT": jwt,
    "bearer": lambda c: f"Bearer {jwt(c)}",
    "basic": lambda c: "Basic " + base64.b64encode(f"admin:{c}".encode()).decode(),
    "nested JSON": lambda c: json.dumps({"error": c, "details": [{"message": json.dumps({"value": c})}]}),
    "key of nested JSON": lambda c: json.dumps({c: 1}),
    "login options": lambda c: "common-oidc/" + json.dumps([{"name": c}]),
    "e-mail address": lambda c: f"{c}@example.com",
    "domain of an e-mail address": lambda c: f"admin@{c}.example.com",
    "host": lambda c: f"https://{c}.example.com/api/login",
    "host and port": lambda c: f"https://{c}:21114",
    "user of a URL": lambda c: f"https://{c}:{c}@graph.microsoft.com/v1.0",
    "path": lambda c: f"https://graph.microsoft.com/v1.0/applications/{quote(c, safe='')}/owners",
    "alternate key": lambda c: f"https://graph.microsoft.com/v1.0/applications(uniqueName='{c}')",
    "query": lambda c: f"https://login.microsoftonline.com/common?state={quote(c)}&{quote(c)}=x",
    "fragment": lambda c: f"https://login.microsoftonline.com/common#code={c}",
    "filter": lambda c: f"startswith(displayName,'{c}')",
    "comparison": lambda c: f"appId eq '{c}'",
    "scope": lambda c: f"https://{c}/.default openid",
}
PLACES: dict[str, Callable[[dict[str, Any], str], None]] = {
    "uri": lambda e, text: e["request"].update(uri=text),
    "method": lambda e, text: e["request"].update(method=text),
    "query of the uri": lambda e, text: e["request"].update(
        uri=f"https://graph.microsoft.com/v1.0/users?$filter={text}"
    ),
    "status": lambda e, text: e["response"].update(status=text),
    "secret header": lambda e, text: e["request"]["headers"].update({"Authorization": text}),
    "shown header": lambda e, text: e["response"]["headers"].update({"Location": text, "WWW-Authenticate": text}),
    "name of a header": lambda e, text: e["response"]["headers"].update({text: "x"}),
    "body": lambda e, text: e["response"].update(body=text),
    "member": lambda e, text: e["response"]["body"].update(message=text, displayName=text, error_codes=[text]),
    "name of a member": lambda e, text: e["response"]["body"].update({text: {text: text}}),
    "deep": lambda e, text: e["request"]["body"].update(value=[[{"web": {"redirectUris": [text, {"x": text}]}}]]),
    "differences": lambda e, text: e.update(differences=[text], contract=text),
}


def empty() -> dict[str, Any]:
    """Return an empty exchange."""
    return {
        "source": "live",
        "request": {
            "method": "POST",
            "uri": "https://graph.microsoft.com/v1.0/applications",
            "headers": {},
            "body": {},
        },
        "response": {"status": 200, "headers": {}, "body": {}},
    }


def shown(canary: str, text: str) -> set[str]:
    """Return the forms of the canary that the text contains."""
    raw = canary.encode()
    forms = {canary, quote(canary, safe=""), quote(quote(canary, safe=""), safe=""), raw.hex()}
    forms |= {base64.b64encode(b"xx"[:shift] + raw)[shift + 1 : -4].decode() for shift in range(3)}
    forms |= {json.dumps(form)[1:-1] for form in forms}
    return {form for form in forms if len(form) >= 8 and form.lower() in text.lower()}


@given(canary=canaries, way=st.sampled_from([*WAYS]), place=st.sampled_from([*PLACES]))
@example("Tr0ub4dor&3.example", "plain", "body")
@example("9f2c1c1e-7d5a-4c8e-8b1a-0123456789ab", "path", "uri")
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_no_canary_gets_through(canary: str, way: str, place: str) -> None:
    assume(not set(re.split(r"[^a-z0-9_]+", canary.lower())) <= vocabulary.words() | {""})
    exchange = empty()
    PLACES[place](exchange, WAYS[way](canary))
    assert shown(canary, json.dumps(Sanitizer().exchange(exchange))) == set()


@given(canary=st.integers(10**7, 10**18), place=st.sampled_from(["id", "code", "expires_in", "error_codes"]))
def test_no_long_number_gets_through(canary: int, place: str) -> None:
    exchange = empty()
    exchange["response"]["body"] = {place: [canary, canary / 7, str(canary)]}
    assert str(canary) not in json.dumps(Sanitizer().exchange(exchange))


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("way", ["plain", "in words", "nested JSON", "host", "path", "filter"])
@pytest.mark.parametrize("known", ["application", "graph.microsoft.com", "invalid client secret", "login"])
def test_no_known_value_gets_through(known: str, way: str, place: str) -> None:
    """Even if it consists of public words."""
    sanitizer, exchange = Sanitizer(), empty()
    exchange["request"]["uri"] = "https://other.example/x"
    sanitizer.learn(known)
    PLACES[place](exchange, WAYS[way](known))
    assert known not in json.dumps(sanitizer.exchange(exchange))


def test_same_value_has_the_same_placeholder() -> None:
    sanitizer, one, other = Sanitizer(), "1b2c3d4e-0000-4000-8000-00000000abcd", "1B2C3D4E-0000-4000-8000-00000000ABCE"
    exchange = empty()
    exchange["request"]["uri"] = f"https://graph.microsoft.com/v1.0/applications/{one}"
    exchange["response"]["body"] = {"id": one.upper(), "appId": other, "info": {"logoUrl": f"https://a.example/{one}"}}
    made = sanitizer.exchange(exchange)
    body = made["response"]["body"]
    assert made["request"]["uri"].endswith(body["id"])
    assert body["info"]["logoUrl"] == f"https://host1.example.com/{body['id']}"
    assert body["appId"] != body["id"]


def test_public_values_are_kept() -> None:
    exchange = empty()
    recorded = json.loads((vocabulary.RECORDED / "graph_errors.json").read_text("utf-8"))[0]
    exchange["request"]["uri"] = "https://graph.microsoft.com/v1.0/applications?$select=id,appId,passwordCredentials"
    exchange["response"] = {
        "status": 403,
        "headers": {"Content-Type": "application/json", "Retry-After": "2.128", "x-ms-resource-unit": "1"},
        "body": {
            "details": [{"code": "ObjectConflict", "target": "uniqueName"}],
            "options": ['common-oidc/[{"name": "azure"}]', "oidc/github"],
            "error": {
                "code": recorded["code"],
                "message": recorded["message"],
                "innerError": {"date": "2025-02-20T10:52:24"},
            },
            "@odata.type": "#microsoft.graph.application",
            "@odata.context": "https://graph.microsoft.com/v1.0/$metadata#applications/$entity",
            "error_uri": "https://login.microsoftonline.com/error?code=7000215",
            "signInAudience": "AzureADMyOrg",
            "error_codes": [7000215],
            "error_description": "AADSTS7000215: Invalid client secret provided.",
            "enabled": True,
            "expires_in": 3599,
            "createdDateTime": "2024-11-04T10:03:10.8313021Z",
        },
    }
    made = Sanitizer().exchange(exchange)
    exchange["response"]["headers"] = {name.lower(): value for name, value in exchange["response"]["headers"].items()}
    exchange["response"]["body"]["createdDateTime"] = "2024-11-04T10:03:10.0000000Z"
    assert made == {**exchange, "source": made["source"]}


def test_unknown_members_are_listed_for_the_user() -> None:
    exchange = empty()
    exchange["response"]["body"] = {"brandNewMember": 1, "desk1.example.com": 2}
    sanitizer = Sanitizer()
    assert sorted(sanitizer.exchange(exchange)["response"]["body"]) == ["{member-1}", "{member-2}"]
    assert sanitizer.replaced_members == {"brandNewMember"}
    assert "brandNewMember" in Sanitizer(["brandNewMember"]).exchange(exchange)["response"]["body"]
