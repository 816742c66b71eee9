# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""Apply the declaration of one provider to a console, with the checks before it and the warnings about it."""

from __future__ import annotations

import random
import time
import typing as t

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import (
    ConflictError,
    InputError,
    ServiceError,
)
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._restrictions import Restriction
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk import provider, restrictions
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.console import ListsSessions

if t.TYPE_CHECKING:
    from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._run import Context
    from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.console import Console
    from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.session import Session

# Seconds for which writing is retried while other processes write to the same console, and the maximum pause after the
# first conflict, which doubles with each further one
PATIENCE = 60.0
FIRST_PAUSE = 0.25
LONGEST_PAUSE = 4.0
BREAK_GLASS = "restore access with rustdesk-utils set_password USERNAME PASSWORD on the server"


def converge(params: t.Mapping[str, t.Any], session: Session, context: Context) -> dict[str, t.Any]:
    """Apply the options ``params`` of rustdesk_oidc_provider to the console, even while another process writes to it.

    A client secret that another run has written to the provider since this run read it is kept and returned; see the
    option O(client_secret_replaces).

    Return the task's result. Raises InputError for options that the console does not support, ServiceError if it
    refuses or does not keep the changes, ConflictError if other processes keep writing.
    """
    console = session.console
    worked_before = None
    plans: list[provider.Plan] = []
    deadline = time.monotonic() + PATIENCE
    while True:
        providers = _providers(params, console)
        settings = console.settings()
        kept = provider.anothers_secret(params, providers, console.type)
        wanted = {**params, "client_secret": kept} if kept else params
        todo = provider.plan(_supported(wanted, console), providers, settings, console.type)
        others = [item for item in providers if item is not todo.present]
        plans.append(todo)
        if len(plans) == 1:
            _warn(console, todo, others, context)
        if todo.changed:
            console.check(todo)
        if len(plans) == 1 and todo.changed:
            _check_callback_url(params, session, todo, providers)
            if todo.present and todo.touches_sign_in:
                worked_before = session.begins(todo.present)
            _warn_of_lockout(console, params["username"], context)
        if not todo.changed or context.check_mode:
            break
        try:
            console.apply(todo)
            # Otherwise the task that closes the session checks again. It writes nothing: the change of the only
            # provider can only conflict with another run's change of the same provider, which is kept.
            alone = todo.present is not None and not others and len(plans) == 1
            if not params["keep_session"] or not alone:
                console.look_again()
            break
        except ConflictError:
            if time.monotonic() > deadline:
                raise
            pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (len(plans) - 1))
            time.sleep(random.uniform(0, pause))  # noqa: S311 - to desynchronize the processes
    # Sessions are not part of the declaration, so check mode ignores them
    if not context.check_mode and isinstance(console, ListsSessions):
        for warning in console.end_abandoned_sessions():
            context.warn(warning)
    callback = todo.setting("callback_url")
    found = _restrictions(console, todo, settings, counts=todo.changed or context.check_mode)
    return {
        "changed": plans[0].changed,
        "diff": plans[0].diff(),
        **({"client_secret": kept} if kept else {}),
        "console_type": console.type,
        "callback_url": callback.after if callback else settings.get("callback_url"),
        "worked_before": worked_before,
        "other_providers": [item.name for item in others if item not in todo.remove],
        "provider": todo.target.view() if todo.target else {},
        "restrictions": [item.result() for item in found],
    }


def _providers(params: t.Mapping[str, t.Any], console: Console) -> list[provider.Provider]:
    """Return all providers; the declared one, by its name or former name, with its client secret."""
    found, former = console.providers(params["name"]), params["former_name"]
    if former and provider.find(found, params["name"], console.type) is None:
        return console.providers(former)
    return found


def _check_callback_url(
    params: t.Mapping[str, t.Any], session: Session, todo: provider.Plan, providers: t.Sequence[provider.Provider]
) -> None:
    """Raise ServiceError if ``todo`` replaces a callback URL in use with one that does not lead to this console."""
    change = todo.setting("callback_url")
    if not change or not params["check_callback_url"]:
        return
    verdict = session.look_at(change.after, providers, change.before, params["name"])
    # A console that cannot reach its issuer begins no sign-in, and this change may fix that.
    unknown = verdict.verified is None and verdict.detail and not todo.corrects_issuer
    if verdict.verified is False or unknown:
        raise ServiceError(
            f"The callback URL of the console {session.connection.url} was not changed to {change.after}",
            answer=verdict.detail,
            hint="Set callback_url to the address at which users reach this console. To change it before that address "
            "works, set check_callback_url to false",
        )


def _restrictions(
    console: Console, todo: provider.Plan, settings: t.Mapping[str, t.Any], *, counts: bool
) -> list[Restriction]:
    """Return the restrictions for users after ``todo``. Users are only counted if that matters and ``counts`` is set,
    so that a run without changes needs no request for it."""
    change = todo.setting(restrictions.MAXIMUM)
    maximum = change.after if change else settings.get(restrictions.MAXIMUM)
    needed = counts and restrictions.needs_users(todo.target, maximum)
    authorized = console.authorized_users() if needed else None
    return restrictions.restrictions(console.type, todo.target, maximum, authorized)


def _warn(console: Console, todo: provider.Plan, others: list[provider.Provider], context: Context) -> None:
    """Warn about the effects of ``todo``."""
    changes, get = ("would change", "would get") if context.check_mode else ("changes", "get")
    if todo.present and todo.identity:
        changed = " and ".join(todo.identity)
        context.warn(f"The {changed} of the provider {todo.present.name} {changes}: all users {get} new accounts")
    callback = todo.setting("callback_url")
    enabled = [item.name for item in others if item.enabled]
    if callback and callback.before and enabled:
        context.warn(
            f"The callback URL also {changes} for {', '.join(enabled)}: update the redirect URIs of their applications"
        )
    shared = [
        item.name for item in others if item.client_id and todo.target and item.client_id == todo.target.client_id
    ]
    if todo.target and not todo.present and shared:
        context.warn(
            f"The new provider {todo.target.name} has the client ID of {', '.join(shared)}: users who sign in with "
            f"{todo.target.name} {get} new accounts"
        )
    for warning in console.warnings(todo):
        context.warn(warning)


def _supported(params: t.Mapping[str, t.Any], console: Console) -> dict[str, t.Any]:
    """Return ``params`` without a callback URL that cannot be set in the console; raises InputError for other options
    that it does not support."""
    fields = [item.option for item in (*provider.FIELDS, *provider.SETTINGS)]
    other = [name for name in fields if params.get(name) is not None and name not in console.supports]
    found = dict(params)
    if "callback_url" in other:  # the server's own configuration determines it; the sign-in check compares it
        found["callback_url"] = None
        other.remove("callback_url")
    if other:
        raise InputError(
            f"A console of type {console.type} does not support {', '.join(other)}", hint=f"Omit {', '.join(other)}"
        )
    return found


def _warn_of_lockout(console: Console, username: str, context: Context) -> None:
    """Warn if no other administrator can sign in without the identity provider, in case it ever fails."""
    local = console.local_administrators()
    if local is not None and not [name for name in local if name.lower() != username.lower()]:
        context.warn(
            f"{username} is the only administrator of the console who can sign in without an identity provider: create "
            f"a second one. If sign-in fails for all users, {BREAK_GLASS}"
        )
