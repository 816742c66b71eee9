# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The state of the directory: tenants, their users and objects, credentials, and replication."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from cryptography import x509

from .clock import Clock
from .documents import copied


@dataclass
class Record:
    """A directory object: what Graph shows of it, and what belongs to it."""

    body: dict[str, Any]
    owners: list[str] = field(default_factory=list)
    federated: list[dict[str, Any]] = field(default_factory=list)
    created: float = 0.0
    # Content type and bytes
    logo: tuple[str, bytes] | None = None
    # Of a deleted service principal: its former assignments and grants
    links: list[tuple[str, Record]] = field(default_factory=list)

    def copy(self) -> Record:
        """Return a copy that shares nothing mutable."""
        links = [(name, record.copy()) for name, record in self.links]
        return Record(copied(self.body), [*self.owners], copied(self.federated), self.created, self.logo, links)


class Table:
    """Objects by ID on a primary replica and on one that lags behind it.

    Reads may come from either, so that the old state can reappear for `lag` seconds after a write [iss].
    """

    def __init__(self, clock: Clock, lag: Callable[[], float]) -> None:
        self._clock = clock
        self._lag = lag
        self._history: dict[str, list[tuple[float, Record | None]]] = {}

    def write(self, key: str, record: Record | None) -> None:
        """Store a new state on the primary. None deletes the object."""
        history = self._history.setdefault(key, [])
        history.append((self._clock.time(), record and record.copy()))
        horizon = self._clock.time() - self._lag()
        while len(history) > 1 and history[1][0] <= horizon:
            history.pop(0)

    def seed(self, key: str, record: Record) -> None:
        """Store an object that every replica has always known."""
        self._history[key] = [(0.0, record.copy())]

    def read(self, key: str, stale: bool = False) -> Record | None:
        """Return a copy of the object's state on the primary, or on the lagging replica if `stale`."""
        record = self._seen(key, stale)
        return record and record.copy()

    def _seen(self, key: str, stale: bool) -> Record | None:
        history = self._history.get(key, [])
        horizon = self._clock.time() - self._lag() if stale else float("inf")
        return next((record for moment, record in reversed(history) if moment <= horizon), None)

    def all(self, stale: bool = False) -> Iterator[Record]:
        """Return copies of all objects, in the order of their creation."""
        for key in list(self._history):
            record = self.read(key, stale)
            if record is not None:
                yield record

    def find(self, member: str, value: Any, stale: bool = False) -> Record | None:
        """Return a copy of the first object whose body has `value` in `member`."""
        seen = (self._seen(key, stale) for key in list(self._history))
        # Compared before it is copied, because copying takes far longer
        return next((record.copy() for record in seen if record and record.body.get(member) == value), None)


@dataclass
class User:
    """A person who can sign in."""

    upn: str
    password: str
    display_name: str
    oid: str = field(default_factory=lambda: str(uuid.uuid4()))
    enabled: bool = True
    email: str | None = None


@dataclass
class ClientSecret:
    """The value of a passwordCredential, and the time since which the token endpoint knows it."""

    value: str
    added: float


@dataclass
class Tenant:
    """One tenant of the directory."""

    domain: str
    applications: Table
    service_principals: Table
    deleted: Table
    grants: Table
    assignments: Table
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    users: dict[str, User] = field(default_factory=dict)
    client_secrets: dict[str, ClientSecret] = field(default_factory=dict)
    certificates: dict[str, x509.Certificate] = field(default_factory=dict)
    # When each of them was added, by the lab's clock
    certificates_added: dict[str, float] = field(default_factory=dict)
    groups: dict[str, dict[str, Any]] = field(default_factory=dict)
    roles: dict[str, list[str]] = field(default_factory=dict)
    policy: dict[str, Any] = field(default_factory=dict)
    # The app management policies of single applications, by application ID
    policies: dict[str, dict[str, Any]] = field(default_factory=dict)
    automation: dict[str, str] = field(default_factory=dict)
    list_with_owned_by: bool = True
    # Whether an upsert by unique name is decided on the replica that receives it
    upsert_on_replica: bool = False
    # Whether an application owns the service principal that it creates without naming an owner
    new_principal_owned: bool = False
    user_consent: bool = True
    # How many times a service principal was refused because its application was not replicated yet
    refused_principals: int = 0
    pairwise_salt: str = field(default_factory=lambda: secrets.token_hex(16))
    # The times of the latest writes to each application that admits personal accounts, by object ID
    personal_writes: dict[str, list[float]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The organization's name, as error texts show it."""
        return self.domain.split(".")[0].capitalize()

    def application(self, app_id: str) -> Record | None:
        """Return the application registered here under `app_id`, from the primary."""
        return self.applications.find("appId", app_id)

    def service_principal(self, app_id: str) -> Record | None:
        """Return the service principal of `app_id` here, from the primary."""
        return self.service_principals.find("appId", app_id)

    def groups_of(self, user: User) -> dict[str, str]:
        """Return the display names of a user's groups by ID."""
        return {key: group["displayName"] for key, group in self.groups.items() if user.oid in group["members"]}

    def assignments_to(self, resource: str, *principals: str) -> list[dict[str, Any]]:
        """Return the assignments of any of these principals to the service principal with the ID `resource`."""
        bodies = (record.body for record in self.assignments.all())
        return [body for body in bodies if body["resourceId"] == resource and body["principalId"] in principals]

    def remove_service_principal(self, key: str, when: str) -> None:
        """Move a service principal to the deleted items, with the assignments and grants that refer to it [doc]."""
        removed = self.service_principals.read(key)
        if removed is None:
            return
        self.service_principals.write(key, None)
        for name, table in (("assignments", self.assignments), ("grants", self.grants)):
            for record in list(table.all()):
                if key in (record.body.get(end) for end in ("principalId", "resourceId", "clientId")):
                    removed.links.append((name, record))
                    table.write(record.body["id"], None)
        removed.body["deletedDateTime"] = when
        self.deleted.write(key, removed)

    def restore_service_principal(self, removed: Record) -> None:
        """Restore a service principal with its assignments and grants [inf]."""
        for name, record in removed.links:
            getattr(self, name).write(record.body["id"], record)
        removed.links = []
        self.service_principals.write(removed.body["id"], removed)


class Directory:
    """All tenants, and the two replication delays."""

    def __init__(self, clock: Clock, lag: float, secret_lag: float) -> None:
        self.clock = clock
        self.lag = lag
        self.secret_lag = secret_lag
        self._tenants: dict[str, Tenant] = {}

    def add_tenant(self, domain: str) -> Tenant:
        """Add a new, empty tenant. Raises ValueError if the domain is taken."""
        if self.tenant(domain):
            raise ValueError(f"the domain {domain} is taken")
        tenant = Tenant(domain.lower(), *(self._table() for _number in range(5)))
        self._tenants[tenant.id] = tenant
        return tenant

    def _table(self) -> Table:
        return Table(self.clock, lambda: self.lag)

    def tenant(self, key: str) -> Tenant | None:
        """Return the tenant with this GUID or domain."""
        key = key.lower()
        return self._tenants.get(key) or next((item for item in self._tenants.values() if item.domain == key), None)

    def tenants(self) -> list[Tenant]:
        """Return all tenants."""
        return list(self._tenants.values())

    def application(self, app_id: str) -> tuple[Tenant, Record] | None:
        """Return the home tenant and registration of an application, in any tenant."""
        for tenant in self._tenants.values():
            record = tenant.application(app_id)
            if record:
                return tenant, record
        return None

    def user(self, upn: str) -> tuple[Tenant, User] | None:
        """Return the tenant and account of a user principal name."""
        for tenant in self._tenants.values():
            user = tenant.users.get(upn.lower())
            if user:
                return tenant, user
        return None

    def settled(self, moment: float) -> bool:
        """Return True if a write at `moment` has reached every replica."""
        return self.clock.time() - moment >= self.lag

    def secret_settled(self, moment: float) -> bool:
        """Return True if the token endpoint knows a secret added at `moment`."""
        return self.clock.time() - moment >= self.secret_lag

    def now(self) -> datetime:
        """Return the directory's time."""
        return self.clock.now()
