# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A generated fleet in the lab: its first state, the events, the runs, and the accounts of its users."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

from generated.meaning import alike
from generated.role_cases import Case, Step

from lab.client import Console, Lab, SignInFailed
from support import consoles
from support.controller import Controller
from support.controller_death import ControllerDied
from support.fleet import Fleet
from support.role_in_process import RoleRun, run_role

DAY = 86400
MIGHTY = ["Application.ReadWrite.All", "AppRoleAssignment.ReadWrite.All", "User.Read.All"]
# The names that the runs give to a provider, one of which a rename outside the automation also uses
OURS = ("azure", "entra")
NOBODY = "https://127.0.0.1:9"
BY_HAND = "By hand"
NO_ID = "11111111-2222-3333-4444-555555555555"
# How the product changes an existing provider, by console type
WRITES = {
    "pro": ("PUT", "/api/oidc/settings$"),
    "rustdesk_console": ("PATCH", "/api/oidc-providers/"),
    "rustdesk_api": ("POST", "/api/admin/oauth/update$"),
}


@dataclass(frozen=True)
class Account:
    """A user of a console, reached by one of its providers."""

    provider: str
    name: str
    guid: str


# By the console's name and the person's
Accounts = dict[tuple[str, str], Account | None]


class World:
    """One case in the lab. ``hosts`` are the names of its hosts, whether or not they are still in the inventory."""

    def __init__(self, lab: Lab, controller: Controller, kind: str, case: Case) -> None:
        self.lab, self.case = lab, case
        self.fleet = fleet = Fleet(lab, controller, 0)
        self.tenant = fleet.tenant
        # Longer than any wait without replication
        fleet.variables["rustdesk_sso_wait_timeout"] = 3
        if case.mighty:
            self.tenant.set_permissions(MIGHTY)
        self.hosts = [f"desk{number}.{fleet.domain}" for number in range(1, 2 if case.hosts == "one" else 3)]
        first = consoles.add(fleet, kind, "desk1")
        self.console_of = dict.fromkeys(self.hosts, first)
        if case.hosts == "two":
            self.console_of[self.hosts[1]] = consoles.add(fleet, kind, "desk2")
        elif case.hosts != "one":
            fleet.hosts[self.hosts[1]] = {**fleet.hosts[self.hosts[0]]}
        self.consoles = list(dict.fromkeys(self.console_of.values()))
        for name in self.hosts if case.own else ():
            fleet.hosts[name]["rustdesk_sso_app_unique_name"] = f"rustdesk-sso {name}"
        self.issuer = f"{lab.login_url}/{self.tenant.tenant_id}/v2.0"
        # The provider with which a person signs in
        self._ways: dict[tuple[str, str], str] = {}
        self.refusals: dict[tuple[str, str], str] = {}
        if case.start != "nothing":
            self._configure()

    # The first state

    def _configure(self) -> None:
        """Applications and providers as the role leaves them, or as created manually by RustDesk's guide."""
        for sharing in [[name] for name in self.hosts] if self.case.own else [self.hosts]:
            # One name for each console, which is the holder of a client secret
            holders = {self.console_of[name].name: name for name in reversed(sharing)}.values()
            made = self._register(sharing[0], [*holders])
            if self.case.adopted:
                for name in sharing:
                    self.fleet.hosts[name]["rustdesk_sso_app_id"] = made["appId"]
            for item in made["passwordCredentials"]:
                consoles.add_provider(
                    self.console_of[item["displayName"].rpartition(" ")[2]],
                    client_id=made["appId"],
                    client_secret=item["secretText"],
                    issuer=self.issuer,
                )

    def _register(self, first: str, holders: list[str]) -> dict[str, Any]:
        """Return the application of some hosts as Graph returns it on creation, with the client secrets."""
        converged = self.case.start == "converged"
        unique = self.fleet.hosts[first].get("rustdesk_sso_app_unique_name", "rustdesk-sso")
        ends = f"{self.now() + timedelta(days=180):%Y-%m-%dT%H:%M:%SZ}"
        prefix = "rustdesk-sso" if converged else "by hand for"
        body = {
            **({"displayName": "RustDesk", "uniqueName": unique} if converged else {"displayName": BY_HAND}),
            "web": {
                "redirectUris": [f"{self.console_of[name].url}/api/oidc/callback" for name in holders],
                "implicitGrantSettings": {"enableIdTokenIssuance": True},
            },
            "passwordCredentials": [{"displayName": f"{prefix} {name}", "endDateTime": ends} for name in holders],
        }
        headers = self._automation() if converged else {}
        made = self.graph("POST", "/applications", body, headers=headers)
        self.graph("POST", "/servicePrincipals", {"appId": made["appId"]}, headers=headers)
        return made

    def _automation(self) -> dict[str, str]:
        """Return the headers of a request of the automation, which owns the objects that it creates."""
        form = {
            "grant_type": "client_credentials",
            "client_id": self.tenant.automation["client_id"],
            "client_secret": self.tenant.automation["client_secret"],
            "scope": f"{self.lab.graph_url}/.default",
        }
        answer = self.lab.http.post(f"{self.lab.login_url}/{self.tenant.tenant_id}/oauth2/v2.0/token", data=form)
        return {"Authorization": f"Bearer {answer.json()['access_token']}", "User-Agent": "automation"}

    def graph(self, method: str, path: str, body: Any = None, **options: Any) -> dict[str, Any]:
        """Send a request to Graph that must succeed."""
        response = self.tenant.graph(method, path, body, **options)
        assert response.ok, (method, path, body, response.text)
        return response.json() if response.content else {}

    def now(self) -> datetime:
        """Return the lab's time."""
        return datetime.fromtimestamp(self.lab.control("POST", "/clock", seconds=0)["time"], timezone.utc)

    # Events

    def entry(self, console: Console) -> dict[str, Any] | None:
        """Our provider as the console stores it, with its members named as the options."""
        members = consoles.MEMBERS[console.kind]
        found = [{option: item.get(member) for option, member in members.items()} for item in consoles.entries(console)]
        return next((item for name in OURS for item in found if item["name"] == name), None)

    def held(self, console: Console) -> str:
        """Return the client ID of the console's provider; empty without one."""
        return self.identity(console)[1]

    def identity(self, console: Console) -> tuple[str, str]:
        """Return the name and the client ID of the console's provider; empty without one."""
        found = self.entry(console) or {}
        return str(found.get("name") or ""), str(found.get("client_id") or "")

    def application(self, console: Console) -> dict[str, Any] | None:
        """Return the application that the console's provider names, if it exists."""
        held = self.held(console)
        return next((item for item in self.tenant.applications() if held and item["appId"] == held), None)

    def happen(self, step: Step) -> bool:
        """Apply the event before a run; return whether anything changed."""
        if step.days:
            self.lab.advance(step.days * DAY)
        return self._drift(step.drift, self.console_of[self.hosts[step.at]]) if step.drift else bool(step.days)

    def _drift(self, what: str, console: Console) -> bool:
        entry, application = self.entry(console), self.application(console)
        others = [other for other in self.consoles if other is not console]
        in_console: dict[str, dict[str, Any]] = {
            "secret mistyped": {"client_secret": "mistyped~by~hand"},
            "issuer by domain name": {"issuer": f"{self.lab.login_url}/{self.fleet.domain}/v2.0"},
            "issuer with a slash": {"issuer": f"{self.issuer}/"},
            "provider switched off": {"enabled": False},
            "provider renamed": {"name": "entra"},
        }
        in_entra: dict[str, Callable[[dict[str, Any]], None]] = {
            "secrets deleted in Entra": self._delete_secrets,
            "redirect URI removed": lambda app: self._patch(app, {"web": {"redirectUris": []}}),
            "application deleted": lambda app: self._delete(app, purge=False),
            "application purged": lambda app: self._delete(app, purge=True),
            "service principal deleted": self._delete_principal,
        }
        if what in in_console and entry:
            change = {name: value for name, value in in_console[what].items() if name in consoles.MEMBERS[console.kind]}
            if change:
                _change(console, entry["name"], change)
        elif what in in_entra and application:
            in_entra[what](application)
        elif what == "provider deleted" and entry:
            consoles.put(console, entry["name"])
        elif what == "restored from the other console's backup" and others:
            console.put_settings(others[0].settings())
        return True

    def _patch(self, app: dict[str, Any], body: dict[str, Any]) -> None:
        self.graph("PATCH", f"/applications/{app['id']}", body)

    def _delete_secrets(self, app: dict[str, Any]) -> None:
        for item in app["passwordCredentials"]:
            self.graph("POST", f"/applications/{app['id']}/removePassword", {"keyId": item["keyId"]})

    def _delete(self, app: dict[str, Any], purge: bool) -> None:
        self.graph("DELETE", f"/applications/{app['id']}")
        if purge:
            self.graph("DELETE", f"/directory/deletedItems/{app['id']}")

    def _delete_principal(self, app: dict[str, Any]) -> None:
        # A user's consent may create it again
        self.tenant.graph("DELETE", f"/servicePrincipals(appId='{app['appId']}')")

    # The runs

    def covered(self, step: Step) -> list[str]:
        """Return the hosts of the inventory that the run is limited to."""
        inventory = [name for name in self.hosts if name in self.fleet.hosts]
        return inventory if step.only is None else [inventory[step.only % len(inventory)]]

    def run(self, step: Step) -> RoleRun | None:
        """Run the role; None if the controller died."""
        declared = {word: self._declared(word) for word in step.declared}
        usual = self.fleet.hosts
        self.fleet.hosts = {
            name: {
                **known,
                **{f"rustdesk_sso_{key}": value for of in declared.values() for key, value in of(name).items()},
            }
            for name, known in usual.items()
        }
        for console in self.consoles:
            self._fault(console, step.fault)
        try:
            return run_role(
                self.fleet,
                step.entry,
                self.covered(step) if step.only is not None else None,
                check=step.check,
                skip_tags=["rustdesk_sso_verify"] if "an unused address, not verified" in step.declared else (),
                crash_at=step.crash,
            )
        except ControllerDied:
            return None
        finally:
            self.fleet.hosts = usual
            self.lab.clear_faults()

    def _fault(self, console: Console, what: str | None) -> None:
        many: dict[str, Any] = {"times": 50}
        if what == "no sign-in can begin":
            self.lab.fault(console.name, "POST", "/api/oidc/auth$", status=500, **many)
        elif what == "nothing can be written":
            self.lab.fault(console.name, *WRITES[console.kind], status=500, **many)
        elif what:
            self.lab.fault(console.name, *WRITES[console.kind], cut="after", **many)

    def _declared(self, word: str) -> Callable[[str], dict[str, Any]]:
        """Return the variables of a host, without their prefix, for this declaration."""
        alice = {"add": [{"user": f"alice@{self.fleet.domain}"}]}
        required = {"app_service_principal": {"app_role_assignment_required": True}}
        all_held = [held for held in map(self.held, self.consoles) if held]
        same_for_all: dict[str, dict[str, Any]] = {
            "renew the client secret": {"secret_renew": True},
            "another provider name": {"provider_name": "entra"},
            "another provider name, beside": {"provider_name": "entra", "provider_beside": ["azure"]},
            "replace the stored client ID": {"app_replaces": all_held},
            "replace another client ID": {"app_replaces": [NO_ID]},
            "adopt by display name": {"app_adopt": True, "app_display_name": BY_HAND},
            "another unique name": {"app_unique_name": "another"},
            "assignment required, alice assigned": {**required, "app_assignments": alice},
            "assignment required, no user assigned": required,
            "open to other organizations": {"app_sign_in_audience": "AzureADMultipleOrgs"},
            "open to personal accounts": {"app_sign_in_audience": "AzureADandPersonalMicrosoftAccount"},
            "provider switched off": {"provider_enabled": False},
            "an unused address, not verified": {"public_url": NOBODY},
            "an unused address": {"public_url": NOBODY},
            "console stays": {"remove_console": False},
            "unused application is removed": {"remove_unused_app": True},
        }

        def own(host: str) -> dict[str, Any]:
            console = self.console_of[host]
            if word == "adopt the stored client ID":
                found = self.held(console) if self.case.own else next(iter(all_held), "")
                return {"app_id": found} if found else {}
            others = [other for other in self.consoles if other is not console]
            return {
                "public_url": {
                    "another spelling of the address": f"{console.url}/",
                    "another address of the console": console.url.replace("127.0.0.1", "localhost"),
                    "a mistyped address": f"{console.url}/_admin",
                    "the address of the other console": others[0].url if others else f"{console.url}/_admin",
                }[word]
            }

        return (lambda _host: same_for_all[word]) if word in same_for_all else own

    # The users

    def accounts(self) -> Accounts:
        """Every person's account at every console, after they have signed in; None if they cannot."""
        found: Accounts = {}
        for console in self.consoles:
            offered = self.offered(console)
            names = {person: self._sign_in(console, person, offered) for person in self.case.people}
            guids = {user["name"]: user["guid"] for user in console.users()}
            for person, name in names.items():
                provider = self._ways.get((console.name, person), "")
                found[console.name, person] = Account(provider, name, guids[name]) if name else None
        return found

    def offered(self, console: Console) -> list[str]:
        """Our providers that users are offered; a console without a switch offers all."""
        members = consoles.MEMBERS[console.kind]
        enabled = [item for item in consoles.entries(console) if item.get(members.get("enabled", ""), True)]
        return [name for name in OURS if name in {item[members["name"]] for item in enabled}]

    def _sign_in(self, console: Console, person: str, providers: list[str]) -> str | None:
        """Return the name of the account after a sign-in, by the person's former provider, else by another one."""
        who = console.name, person
        upn = f"{person}@{self.fleet.domain}"
        refusals = []
        for name in sorted(providers, key=lambda name: name != self._ways.get(who)):
            try:
                done = console.sign_in(name, upn, self.tenant.users[upn])
            except SignInFailed as failure:
                refusals.append(f"{name}: {failure}")
                continue
            self._ways[who] = name
            return str(done["user"]["name"])
        self.refusals[who] = "; ".join(refusals) or "no provider"
        return None

    # Both sides

    def snapshot(self, *, sessions: bool) -> dict[str, Any]:
        """Everything that a run can change, with or without the open ``sessions``."""
        return dict(
            alike(
                {
                    "applications": self.tenant.applications(),
                    "principals": self.graph("GET", "/servicePrincipals")["value"],
                    "deleted": self.graph("GET", "/directory/deletedItems/microsoft.graph.application")["value"],
                    "consoles": {console.name: [console.settings(), console.users()] for console in self.consoles},
                    "sessions": [len(console.sessions()) for console in self.consoles if sessions],
                }
            )
        )

    def live_secrets(self) -> dict[str, int]:
        """Return the number of usable client secrets of each holder."""
        now = f"{self.now():%Y-%m-%dT%H:%M:%S}"
        found: dict[str, int] = {}
        for application in self.tenant.applications():
            for item in application["passwordCredentials"]:
                if item["endDateTime"] > now:
                    holder = f"{item['displayName']} of {application['appId']}"
                    found[holder] = found.get(holder, 0) + 1
        return found

    def foreign(self) -> dict[str, list[dict[str, Any]]]:
        """Return the providers of others in each console."""
        return {
            console.name: [
                item for item in consoles.entries(console) if item[consoles.MEMBERS[console.kind]["name"]] not in OURS
            ]
            for console in self.consoles
        }


def _change(console: Console, name: str, values: dict[str, Any]) -> None:
    """Change members of a provider outside the product; its name may be one of them."""
    settings, members = console.settings(), consoles.MEMBERS[console.kind]
    (found,) = [item for item in consoles.listed(console.kind, settings) if item[members["name"]] == name]
    found |= {members[option]: value for option, value in values.items()}
    console.put_settings(settings)
