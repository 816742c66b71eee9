# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Declarations of entra_app that Entra would refuse."""

from __future__ import annotations

from generated import words
from generated.declarations import OPTIONS, Declaration, options
from generated.words import one_in, some
from hypothesis import strategies as st


def _bad_values() -> dict[str, st.SearchStrategy]:
    """Values of options that Entra would refuse, whatever else is declared."""
    uris = st.sampled_from(["http://desk.example/cb", "https://desk.example/#x", "https://desk.example/(1)", "no uri"])
    bad_list = uris.map(lambda uri: {"set": [uri]}) | uris.map(lambda uri: {"add": [uri]})
    twice = st.just({"add": [words.WEB[0]], "remove": [words.WEB[0]]}) | st.just({"set": [], "add": [words.WEB[0]]})
    role = {"display_name": "x", "description": "x"}
    scope = {"admin_consent_display_name": "x", "admin_consent_description": "x"}
    value = st.sampled_from(["", "a b", "x" * 121])
    guid = st.sampled_from(["", "x", words.GRAPH[:-1]])
    credential = {"name": "a", "issuer": "https://a.example", "subject": "a"}
    two = {**credential, "audiences": ["a", "b"]}
    return {
        "display_name": st.just("x" * 257),
        "tags": st.sampled_from([[""], ["a b"], ["x" * 257]]),
        "notes": st.just("x" * 1025),
        "web_redirect_uris": bad_list | twice,
        "spa_redirect_uris": bad_list | twice,
        "home_page_url": st.sampled_from(["desk.example", "ftp://desk.example", "https://"]),
        "logout_url": st.sampled_from(["http://desk.example", "https://desk.example/" + "x" * 250]),
        "identifier_uris": st.sampled_from([["desk"], ["api://desk/"], ["api://a b"], ["api://a", "api://A"]]),
        "app_roles": value.map(lambda v: [{"value": v, **role}])
        | st.sampled_from([[{"value": "a", **role}] * 2, [{"value": "a", **role, "allowed_member_types": []}]]),
        "permission_scopes": value.map(lambda v: [{"value": v, **scope}]) | st.just([{"value": "a", **scope}] * 2),
        "pre_authorized_applications": guid.map(lambda key: [{"app_id": key, "scopes": []}]),
        "optional_claims": st.just({"id_token": [{"name": "email"}] * 2}),
        "required_resource_access": st.just([{"resource": name} for name in ("Microsoft Graph", words.GRAPH)]),
        "admin_consent": st.just([{"resource": words.FLEET}] * 2),
        "assignments": st.sampled_from(
            [
                {"set": [{}]},
                {"add": [{"user": "a", "group": "b"}]},
                {"set": [], "add": [{"user": "a"}]},
            ]
        ),
        "owners": st.just({"set": [], "remove": ["a"]}),
        "certificates": st.sampled_from(
            [
                [{"content": "no certificate"}],
                [{"path": "/nowhere"}],
                [{"thumbprint": "AB"}],
                [{"content": "<pem:0>"}] * 2,
                [{"content": "<pem:0>", "name": "x" * 91}],
            ]
        ),
        "federated_credentials": st.sampled_from(
            [[{"name": "a"}], [credential] * 2, [{**credential, "issuer": ""}], [two]]
        ),
        "logo": st.sampled_from(["/nowhere", "<path:0>"]),
        "service_principal": st.sampled_from([{"notes": "x" * 1025}, {"notification_email_addresses": ["nobody"]}]),
        "client_secrets": st.sampled_from([[{"name": " "}], [{"name": "a"}] * 2, [{"name": "a", "lifetime": "1d"}]]),
    }  # fmt: skip


def _bad_together() -> list[Declaration]:
    """Declarations with incompatible parts."""
    return [
        {"sign_in_audience": words.PERSONAL[0], "requested_access_token_version": 1},
        {"sign_in_audience": words.PERSONAL[1], "display_name": "x" * 91},
        {"sign_in_audience": words.PERSONAL[1], "identifier_uris": ["urn:desk:1"]},
        {"sign_in_audience": words.PERSONAL[0], "web_redirect_uris": {"add": [words.WEB_ORGANISATIONS[-3]]}},
        {"sign_in_audience": words.PERSONAL[0], "client_secrets": [{"name": "a"}, {"name": "b"}]},
        {"service_principal": {"state": "absent"}, "client_secrets": [{"name": "a"}]},
        {"service_principal": {"state": "absent"}, "assignments": {"set": []}},
        {"service_principal": {"state": "absent"}, "admin_consent": []},
        {"service_principal": {"visible_to_users": True}, "tags": ["HideApp"]},
    ]


@st.composite
def refused(draw: st.DrawFn) -> Declaration:
    """A declaration with one error."""
    bad = _bad_values()
    if draw(one_in(4)):
        wrong = draw(st.sampled_from(_bad_together()))
    else:
        option = draw(st.sampled_from(sorted(bad)))
        wrong = {option: draw(bad[option])}
    chosen = [option for option in draw(some(list(OPTIONS), maximum=4)) if option not in wrong]
    if "service_principal" in wrong:
        chosen = []
    others = options(draw, None, chosen, safe=True, roles=False)
    if "service_principal" in others:
        others["service_principal"] = {}
    return {"unique_name": "refused", **others, **wrong}
