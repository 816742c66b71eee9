# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The contract learned from a recording: enough to configure the server, and nothing that an attacker could use."""

from __future__ import annotations

import base64
import copy
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import InputError
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.har import SPELLINGS, learn
from support.wire import NEW, Wire, converge

HOST = "desk.secret-host.example"
CALLBACK = f"https://{HOST}/api/oidc/callback"
SECRET = "Zx9~wide.awake_0123456789"
ENTRY = {"name": "okta", "order_index": 3, "enabled": True, "client_id": "Abc-Client", "client_secret": SECRET}


def exchange(method, path, answer=None, sent=None, *, status=200, encoding=None):
    """Return one entry in the format of browsers."""
    request = {"method": method, "url": f"https://{HOST}{path}", "headers": [{"name": "Cookie", "value": "c00kie"}]}
    if sent is not None:
        request["postData"] = {"mimeType": "application/json", "text": json.dumps(sent)}
    text = "" if answer is None else json.dumps(answer)
    content = {"text": base64.b64encode(text.encode()).decode() if encoding else text}
    content |= {"encoding": encoding} if encoding else {}
    return {"request": request, "response": {"status": status, "content": content}}


def har(*entries):
    return {"log": {"version": "1.2", "entries": list(entries)}}


def document(*entries, **top):
    return {"max_auth_count": 5, "callback_url": CALLBACK, "providers": list(entries), **top}


def visit(shown=None, sent=None, path="/api/oidc/settings", method="PUT"):
    """Return a visit of the settings with Submit, among other requests of the page."""
    login = {"access_token": "t0ken", "user": {"name": "admin"}}
    return har(
        exchange("POST", "/api/login", login, {"username": "admin", "password": "pa55word"}),
        exchange("GET", "/api/users?current=1", {"data": [{"name": "eve", "email": "eve@secret-host.example"}]}),
        exchange("GET", path, shown or document(ENTRY)),
        exchange(method, path, None, sent or document(ENTRY)),
        exchange("GET", path, shown or document(ENTRY)),
    )


def test_a_server_with_the_known_shape_needs_no_contract():
    learnt = learn(visit())
    assert learnt["contract"] == {}
    assert learnt["confidence"]["keys.client_id"] == "as known"
    assert learnt["confidence"]["keys.icon"] == "not seen"
    assert learnt["confidence"]["settings_path"] == "seen"


@pytest.mark.parametrize("form", ["text", "with a byte order mark", "base64"])
def test_forms_of_a_recording(form):
    recording = visit()
    if form == "base64":
        recording["log"]["entries"][2] = exchange("GET", "/api/oidc/settings", document(ENTRY), encoding="base64")
    text = json.dumps(recording)
    assert learn(recording if form == "base64" else "\ufeff" * (form != "text") + text)["contract"] == {}


PAIRS = {
    "only read": har(exchange("GET", "/api/oidc/settings", document(ENTRY))),
    "nothing of it": har(exchange("POST", "/api/login", {"access_token": "t"}, {"username": "a"})),
    "no providers at all": visit(document(), document()),
    "only written": har(exchange("PUT", "/api/oidc/settings", None, document(ENTRY))),
    "read in another shape": har(
        exchange("GET", "/api/oidc/settings", {"rows": [1]}), exchange("PUT", "/api/x", None, document(ENTRY))
    ),
}


@pytest.mark.parametrize("recording", PAIRS.values(), ids=PAIRS)
def test_an_incomplete_visit_is_reported(recording):
    with pytest.raises(InputError, match=r"Record a visit to|Start recording") as caught:
        learn(recording)
    assert SECRET not in str(caught.value)


BROKEN = [None, 7, [], "", "{", "<html>", {}, {"log": {}}, {"log": {"entries": [{}]}}, {"log": {"entries": [None]}}]


@pytest.mark.parametrize("broken", [*BROKEN, {"log": {"entries": 3}}, {"log": {"entries": [{"request": "x"}]}}])
def test_anything_but_a_recording_is_reported(broken):
    with pytest.raises(InputError, match="not a recording in HAR format"):
        learn(broken)


def test_a_callback_with_its_own_path():
    """Some pages save it with an additional request."""
    providers = [{**ENTRY, "order_index": 0}]
    learnt = learn(
        har(
            exchange("GET", "/api/providers", providers),
            exchange("GET", "/api/callback", {"data": {"url": CALLBACK}}),
            exchange("PUT", "/api/providers", None, providers),
            exchange("PUT", "/api/callback", None, {"url": CALLBACK}),
        )
    )
    assert learnt["contract"] == {
        "settings_path": "/api/providers",
        "providers": "",
        "callback_path": "/api/callback",
        "callback_url": "url",
    }


def test_a_member_of_the_wrong_type_is_not_mistaken_for_another():
    """A place with a text, and a switch with a number, are other members."""
    odd = {"name": "okta", "order": "1", "position": 2, "active": 1, "clientId": "x", "secret": SECRET}
    found = learn(visit(document(odd), document(odd)))
    assert found["contract"]["keys"] == {"order": "position", "client_id": "clientId", "client_secret": "secret"}
    assert found["confidence"]["keys.enabled"] == "not seen"
    assert "check it" in found["confidence"]["keys.order"]


def test_the_report_has_no_people_and_no_identifiers_from_addresses():
    guid, path = "0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b", "/api/oidc/{}/42/eve@secret-host.example"
    entries = visit()["log"]["entries"]
    entries.insert(0, exchange("GET", path.format(guid), {"eve@secret-host.example": {guid: SECRET}}))
    report = json.dumps(learn(har(*entries))["report"])
    assert "GET /api/oidc/{id}/{id}/{id}" in report
    assert guid not in report
    assert "eve" not in report


def spelt(words, style):
    first, *rest = words.split("_")
    if style == "camel":
        return first + "".join(word.title() for word in rest)
    return {"snake": words, "kebab": words.replace("_", "-"), "capitals": words.title().replace("_", "")}[style]


STYLES = st.sampled_from(["snake", "camel", "kebab", "capitals"])
KNOWN = {"order": 3, "enabled": True, "client_id": "Abc-Client", "client_secret": SECRET, "issuer": f"https://{HOST}/t"}
WORDS = {"order": "order_index", **{option: option for option in ("enabled", "client_id", "client_secret", "issuer")}}
OTHER_WORDS = {option: st.sampled_from([WORDS.get(option, option), *SPELLINGS[option][:3]]) for option in KNOWN}


class Learnt(Wire):
    """A server with any spelling: paths, verb and the document's envelope follow the contract."""

    def __init__(self, document, around, path, method):
        super().__init__(document)
        self.around, self.path, self.method = around, path, method

    def call(self, method, path, attempted, *, json=None):
        assert path == self.path
        if method == "GET":
            return self.around(copy.deepcopy(self.document))
        assert method == self.method
        self.document = json
        return None


@given(
    style=STYLES,
    words=st.fixed_dictionaries(OTHER_WORDS),
    place=st.lists(st.sampled_from(["data", "oidc", "items", "result"]), max_size=2, unique=True),
    wrapper=st.sampled_from(["", "data", "payload"]),
    path=st.sampled_from(["/api/oidc/settings", "/api/v2/settings/oidc"]),
    method=st.sampled_from(["PUT", "POST", "PATCH"]),
)
def test_a_learned_contract_configures_the_server(style, words, place, wrapper, path, method):
    """For any naming: after one visit a provider is added there, and nothing from the visit is shown."""
    entry = {"name": "okta", **{spelt(words[option], style): value for option, value in KNOWN.items()}, "x-ca": "PEM"}
    inner = {"providers": [entry]}
    for name in reversed(place):
        inner = {name: inner}
    settings = {**inner, spelt("callback_url", style): CALLBACK, spelt("max_auth_count", style): 5}

    def around(value):
        return {"code": 0, wrapper: value} if wrapper else value

    learnt = learn(visit(around(settings), settings, path, method))
    told = json.dumps(learnt)
    assert not [text for text in (SECRET, HOST, "Abc-Client", "okta", "PEM", "t0ken", "c00kie", "eve") if text in told]

    wire = Learnt(copy.deepcopy(settings), around, path, method)
    assert converge(wire, learnt["contract"], name="azure", **NEW, maximum_authorized_users=9).changed
    assert not converge(wire, learnt["contract"], name="azure", **NEW, maximum_authorized_users=9).changed
    found = wire.document
    assert found[spelt("callback_url", style)] == CALLBACK
    assert found[spelt("max_auth_count", style)] == 9
    for name in place:
        found = found[name]
    first, second = found["providers"]
    assert first == entry
    expected = {
        "name": "azure",
        **{spelt(words[option], style): value for option, value in {**NEW, "order": 4}.items()},
    }
    assert second == {**expected, spelt(words["enabled"], style): True}
