# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The effect of each option on Graph's documents: the state that a declaration leads to, independent of the product.

Everything else stays as it was.
"""

from __future__ import annotations

import copy
import re
from datetime import datetime, timedelta, timezone
from typing import Any

from generated import words
from generated.ground import Ground
from generated.states import NO_ROLE

Document = dict[str, Any]
TEXTS = {
    "display_name": ("displayName",),
    "unique_name": ("uniqueName",),
    "sign_in_audience": ("signInAudience",),
    "description": ("description",),
    "notes": ("notes",),
    "service_management_reference": ("serviceManagementReference",),
    "home_page_url": ("web", "homePageUrl"),
    "logout_url": ("web", "logoutUrl"),
    "marketing_url": ("info", "marketingUrl"),
    "privacy_statement_url": ("info", "privacyStatementUrl"),
    "support_url": ("info", "supportUrl"),
    "terms_of_service_url": ("info", "termsOfServiceUrl"),
    "requested_access_token_version": ("api", "requestedAccessTokenVersion"),
}
SWITCHES = {
    "fallback_public_client_enabled": ("isFallbackPublicClient",),
    "id_token_issuance_enabled": ("web", "implicitGrantSettings", "enableIdTokenIssuance"),
    "access_token_issuance_enabled": ("web", "implicitGrantSettings", "enableAccessTokenIssuance"),
}
LOCK = {
    "enabled": "isEnabled",
    "all_properties": "allProperties",
    "credentials_with_usage_sign": "credentialsWithUsageSign",
    "credentials_with_usage_verify": "credentialsWithUsageVerify",
    "token_encryption_key_id": "tokenEncryptionKeyId",
}
NEW = "<new>"
DAY = timedelta(days=1)


def _switch(document: Document, path: tuple[str, ...], value: bool) -> None:
    """Set a switch; null means off."""
    *parents, last = path
    for parent in parents:
        document = document.setdefault(parent, {})
    if bool(document.get(last)) != value:
        document[last] = value


def _chosen(present: list[str], declared: Document) -> list[str]:
    if "set" in declared:
        return list(declared["set"])
    # Removal matches every spelling of an address: here they differ only by a slash at the end
    gone = {uri.rstrip("/") for uri in declared.get("remove", [])}
    return list({*(uri for uri in present if uri.rstrip("/") not in gone), *declared.get("add", [])})


def _claim(claim: Document) -> Document:
    return {
        "name": claim["name"],
        "source": claim.get("source"),
        "essential": claim.get("essential", False),
        "additionalProperties": claim.get("additional_properties", []),
    }


def _entitlements(
    kind: str, declared: list[Document], present: list[Document], after: list[Document]
) -> list[Document]:
    """App roles or scopes; an ID that is neither declared nor present is arbitrary, so it is taken from ``after``."""
    known = {item["value"]: item["id"] for item in [*after, *present] if item.get("value")}
    entries = []
    for item in declared:
        entry = {
            "value": item["value"],
            "id": (item.get("id") or known.get(item["value"], "missing")).lower(),
            "isEnabled": item.get("enabled", True),
        }
        if kind == "app_roles":
            entry |= {"displayName": item["display_name"], "description": item["description"], "origin": "Application"}
            entry["allowedMemberTypes"] = item.get("allowed_member_types", ["User"])
        else:
            entry["type"] = item.get("type", "User")
            for option, member in (
                ("admin_consent_display_name", "adminConsentDisplayName"),
                ("admin_consent_description", "adminConsentDescription"),
                ("user_consent_display_name", "userConsentDisplayName"),
                ("user_consent_description", "userConsentDescription"),
            ):
                entry[member] = item.get(option)
        entries.append(entry)
    return entries


def _id(resource: str) -> str:
    return words.RESOURCE_IDS.get(resource, resource)


def _permission(resource: str, kind: int, name: str) -> str:
    """Return the ID of a scope (kind 0) or an app role (1) that a declaration names."""
    known = next((lists[kind] for title, lists in words.PERMISSIONS.items() if resource in (title, _id(title))), {})
    return known.get(name, name)


class Oracle:
    """Applies a declaration to a snapshot of the tenant. ``after`` is used only for values that Entra chooses."""

    def __init__(self, ground: Ground, declaration: Document, after: Document, target: str | None) -> None:
        self.ground = ground
        self.declared = ground.resolve({k: v for k, v in declaration.items() if k != "client_secrets"})
        self.names = {option: declaration.get(option) for option in ("required_resource_access", "admin_consent")}
        self.secrets = ground.resolve(declaration.get("client_secrets", []))
        self.after = after
        self.target = target

    def expected(self, before: Document) -> Document:
        """Return the expected snapshot after the run."""
        state = copy.deepcopy(before)
        if self.declared.get("state") == "absent":
            return self._absent(state)
        application = self._find(state)
        present = copy.deepcopy(application)
        self._properties(application)
        self._lists(application)
        self._api(application)
        self._certificates(application)
        self._federated(application)
        self._owners(application)
        self._client_secrets(application)
        principal = self._principal(state, application, present["tags"])
        if principal:
            self._assignments(state, principal["id"], application)
            self._consent(state, principal["id"])
        if "logo" in self.declared:
            same = present["id"] in before["applications"] and self.old_logo == self.logo
            application["info"]["logoUrl"] = application["info"]["logoUrl"] if same else NEW
        return state

    old_logo: bytes | None = None

    @property
    def logo(self) -> bytes | None:
        """The declared logo."""
        path = self.declared.get("logo")
        return open(path, "rb").read() if path else None

    def _absent(self, state: Document) -> Document:
        application = state["applications"].pop(self.target, None)
        if application:
            state["deleted"][self.target] = application
            self._drop_principal(state, application["appId"])
        if self.declared.get("purge"):
            state["deleted"].pop(self.target)
        return state

    def _find(self, state: Document) -> Document:
        """Return the application, restored, or created if none exists."""
        if self.target in state["deleted"]:
            state["applications"][self.target] = state["deleted"].pop(self.target)
            state["applications"][self.target]["deletedDateTime"] = None
            buried = self.ground.buried  # the service principal is restored with it, unchanged
            there = buried["applications"][self.target]
            state["applications"][self.target] |= {name: there[name] for name in ("owners", "federated")}
            for table in ("principals", "grants", "assignments"):
                state[table] = {**copy.deepcopy(buried[table]), **state[table]}
        if self.target not in state["applications"]:
            made = copy.deepcopy(self.ground.blank_application)
            made |= {"id": self.target, "appId": self.after["applications"].get(self.target, {}).get("appId")}
            made |= {"owners": [self.ground.facts["automation"]], "federated": [], "signInAudience": "AzureADMyOrg"}
            made["displayName"] = self.declared.get("display_name") or self.declared["unique_name"]
            made["web"]["implicitGrantSettings"]["enableIdTokenIssuance"] = True
            state["applications"][self.target] = made
        return state["applications"][self.target]

    def _properties(self, application: Document) -> None:
        declared = dict(self.declared)
        if declared.get("sign_in_audience", application["signInAudience"]) in words.PERSONAL:
            declared["requested_access_token_version"] = 2
        for option, path in TEXTS.items():
            if option in declared:
                place = application if len(path) == 1 else application[path[0]]
                place[path[-1]] = declared[option]
        for option, path in SWITCHES.items():
            if option in declared:
                _switch(application, path, declared[option])
        for option, member in LOCK.items():
            if option in declared.get("service_principal_lock", {}):
                lock = application["servicePrincipalLockConfiguration"] or {}
                value = declared["service_principal_lock"][option]
                if bool(lock.get(member)) != value:
                    application["servicePrincipalLockConfiguration"] = {"isEnabled": False, **lock, member: value}

    def _lists(self, application: Document) -> None:
        declared = self.declared
        for option, member in (
            ("web_redirect_uris", "web"),
            ("spa_redirect_uris", "spa"),
            ("public_client_redirect_uris", "publicClient"),
        ):
            if option in declared:
                place = application[member]
                place["redirectUris"] = _chosen(place["redirectUris"], declared[option])
        uris = application["web"]["redirectUris"]
        application["web"]["redirectUriSettings"] = [{"uri": uri, "index": None} for uri in uris]
        if "tags" in declared:
            application["tags"] = list(set(declared["tags"]))
        if "group_membership_claims" in declared:
            application["groupMembershipClaims"] = ",".join(set(declared["group_membership_claims"]))
        if "identifier_uris" in declared:
            uris = {uri.replace("{app_id}", application["appId"]) for uri in declared["identifier_uris"]}
            application["identifierUris"] = list(uris)
        for kind, member in (("id_token", "idToken"), ("access_token", "accessToken")):
            if kind in declared.get("optional_claims", {}):
                claims = application["optionalClaims"] or {}
                wanted = [_claim(claim) for claim in declared["optional_claims"][kind]]
                application["optionalClaims"] = {**claims, member: wanted}
        if "required_resource_access" in declared:
            application["requiredResourceAccess"] = [
                {
                    "resourceAppId": self.ground.resolve(_id(entry["resource"])),
                    "resourceAccess": [
                        {"id": _permission(entry["resource"], number, name), "type": kind}
                        for number, (option, kind) in enumerate((("scopes", "Scope"), ("app_roles", "Role")))
                        for name in entry.get(option, [])
                    ],
                }
                for entry in self.names["required_resource_access"] or []
            ]

    def _api(self, application: Document) -> None:
        declared = self.declared
        after = self.after["applications"].get(self.target, {"appRoles": [], "api": {"oauth2PermissionScopes": []}})
        api = application["api"]
        if "app_roles" in declared:
            present = application["appRoles"]
            application["appRoles"] = _entitlements("app_roles", declared["app_roles"], present, after["appRoles"])
        if "permission_scopes" in declared:
            scopes, found = api["oauth2PermissionScopes"], after["api"]["oauth2PermissionScopes"]
            api["oauth2PermissionScopes"] = _entitlements("scopes", declared["permission_scopes"], scopes, found)
        if "pre_authorized_applications" in declared:
            ids = {scope["value"]: scope["id"] for scope in api["oauth2PermissionScopes"]}
            api["preAuthorizedApplications"] = [
                {
                    "appId": entry["app_id"].lower(),
                    "delegatedPermissionIds": [ids.get(name, name) for name in entry["scopes"]],
                }
                for entry in declared["pre_authorized_applications"]
            ]

    def _certificates(self, application: Document) -> None:
        keys = {item["customKeyIdentifier"]: item for item in application["keyCredentials"]}
        for item in self.declared.get("certificates", []):
            thumbprint = item.get("thumbprint") or self._thumbprint(item)
            if item.get("state") == "absent":
                keys.pop(thumbprint, None)
            elif thumbprint not in keys:
                keys[thumbprint] = {"keyId": NEW, "thumbprint": thumbprint, "name": item.get("name")}
        application["keyCredentials"] = list(keys.values())

    def _thumbprint(self, item: Document) -> str:
        given = item.get("content") or item["path"]
        name = next(name for name, fact in self.ground.facts.items() if fact == given)
        return self.ground.facts[f"thumbprint:{name.partition(':')[2]}"]

    def _federated(self, application: Document) -> None:
        there = {item["name"]: item for item in application["federated"]}
        for item in self.declared.get("federated_credentials", []):
            if item.get("state") == "absent":
                there.pop(item["name"], None)
                continue
            wanted = {name: item[name] for name in ("issuer", "subject", "audiences", "description") if name in item}
            made = {"id": NEW, "name": item["name"], "audiences": [words.AUDIENCE]}
            there[item["name"]] = {**there.get(item["name"], made), **wanted}
        application["federated"] = list(there.values())

    def _owners(self, application: Document) -> None:
        declared = self.declared.get("owners")
        if declared is None:
            return
        upns = {self.ground.facts[f"upn:{name}"]: self.ground.facts[name] for name in words.USERS}
        declared = {verb: [upns.get(name, name) for name in names] for verb, names in declared.items()}
        chosen = {*_chosen(application["owners"], declared)}
        automation = self.ground.facts["automation"]
        if "set" in declared and automation in application["owners"]:
            chosen.add(automation)
        application["owners"] = list(chosen)

    def _client_secrets(self, application: Document) -> None:
        """The client secrets that are kept and the new ones; those of other names are unchanged."""
        now = datetime.now(timezone.utc)
        present = application["passwordCredentials"]
        retire = self.declared.get("retire_superseded", True)
        gone: set[str] = set()
        new: list[Document] = []
        for item in self.secrets:
            ours = [credential for credential in present if credential["displayName"] == item["name"]]
            if item["state"] == "absent":
                gone |= {credential["keyId"] for credential in ours}
                continue
            key = item.get("held_key_id") or self.ground.key_of(item.get("held"))
            held = next((credential for credential in present if credential["keyId"] == key), None)
            others = sorted((c for c in ours if c is not held), key=lambda c: c["startDateTime"])
            makes = held is None or _time(held["endDateTime"]) - now <= 30 * DAY
            if item["state"] == "present" and makes:
                new.append({"keyId": NEW, "displayName": item["name"]})
                # Created by earlier runs and never stored; another run may be about to store the newest.
                stranded = others[:-1] if "held" in item or "held_key_id" in item else []
                gone |= {c["keyId"] for c in stranded if now - _time(c["startDateTime"]) >= DAY}
            elif held and retire:
                since = [(c, max(_time(c["startDateTime"]), _time(held["startDateTime"]))) for c in others]
                gone |= {c["keyId"] for c, start in since if now - start >= DAY}
        application["passwordCredentials"] = [*(c for c in present if c["keyId"] not in gone), *new]

    def _principal(self, state: Document, application: Document, tags: list[str]) -> Document | None:
        """Return the service principal; ``tags`` are the former ones of the application, which it also showed."""
        declared = self.declared.get("service_principal", {})
        present = [item for item in state["principals"].values() if item["appId"] == application["appId"]]
        if declared.get("state") == "absent":
            self._drop_principal(state, application["appId"])
            return None
        if not present:
            made = [item for item in self.after["principals"].values() if item["appId"] == application["appId"]]
            fresh = {"id": made[0]["id"] if made else "missing", "appId": application["appId"]}
            present = [{**copy.deepcopy(self.ground.blank_principal), **fresh}]
            state["principals"][fresh["id"]] = present[0]
        principal = present[0]
        for option, member in (
            ("account_enabled", "accountEnabled"),
            ("app_role_assignment_required", "appRoleAssignmentRequired"),
            ("notes", "notes"),
            ("notification_email_addresses", "notificationEmailAddresses"),
            ("preferred_single_sign_on_mode", "preferredSingleSignOnMode"),
        ):
            if option in declared:
                principal[member] = declared[option]
        shown = {*principal["tags"]} - {*tags} | {*application["tags"]}
        if "visible_to_users" in declared:
            shown = shown - {"HideApp"} if declared["visible_to_users"] else shown | {"HideApp"}
        principal["tags"] = sorted(shown)
        return principal

    def _drop_principal(self, state: Document, app_id: str) -> None:
        """Delete a service principal with all its grants and assignments, in both directions."""
        for key in [key for key, item in state["principals"].items() if item["appId"] == app_id]:
            del state["principals"][key]
            for table in ("grants", "assignments"):
                state[table] = {ends: item for ends, item in state[table].items() if key not in ends}

    def _assignments(self, state: Document, principal_id: str, application: Document) -> None:
        declared = self.declared.get("assignments")
        if declared is None:
            return
        facts, ids = self.ground.facts, {role["value"]: role["id"] for role in application["appRoles"]}
        client = facts["client"]
        table = state["assignments"]
        mine = [ends for ends in table if ends[1] == principal_id and ends[0] != client]

        def ends(item: Document) -> tuple[str, str, str]:
            person = item.get("user") or item["group"]
            key = facts.get(f"group:{person}") or facts.get(person.partition("@")[0], person)
            role = item.get("app_role")
            return key, principal_id, ids.get(role, role).lower() if role else NO_ROLE

        wanted = [ends(item) for item in [*declared.get("set", []), *declared.get("add", [])]]
        removed = [ends(item) for item in declared.get("remove", []) if item.get("app_role")]
        people = {ends(item)[0] for item in declared.get("remove", []) if not item.get("app_role")}
        gone = mine if "set" in declared else [key for key in mine if key in removed or key[0] in people]
        state["assignments"] = {key: item for key, item in table.items() if key not in gone}
        state["assignments"] |= {key: table.get(key, {"id": NEW}) for key in wanted}

    def _consent(self, state: Document, principal_id: str) -> None:
        for entry in self.names["admin_consent"] or []:
            title = next(name for name in words.PERMISSIONS if entry["resource"] in (name, words.RESOURCE_IDS[name]))
            resource = self.ground.resources[title]
            if "scopes" in entry:
                values = {key: value for value, key in words.PERMISSIONS[title][0].items()}
                scope = " ".join({values.get(name, name) for name in entry["scopes"]})
                ends = (principal_id, resource, None)
                present = state["grants"].pop(ends, {"id": NEW})
                if scope:
                    state["grants"][ends] = {**present, "scope": scope}
            if "app_roles" in entry:
                wanted = [(principal_id, resource, _permission(title, 1, name)) for name in entry["app_roles"]]
                table = state["assignments"]
                state["assignments"] = {key: item for key, item in table.items() if key[:2] != (principal_id, resource)}
                state["assignments"] |= {key: table.get(key, {"id": NEW}) for key in wanted}


def _time(text: str) -> datetime:
    return datetime.fromisoformat(re.sub(r"(\.\d{1,6})?\d*Z$", "+00:00", text))
