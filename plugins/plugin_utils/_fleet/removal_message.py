# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""Report what a removal changed for a server, what it kept and why, and the next step. Pure."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet import claims, removal
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet.declaration import PREFIX
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet.registration import (
    redirect_uris_before,
    result_of,
    secret_of,
)
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet.server import Result, Server

ACCOUNTS = "the accounts of users who have signed in to RustDesk"
# How long Entra keeps a deleted application [doc]
KEPT_DELETED = "30 days"


@dataclass(frozen=True)
class _Words:
    """The words for a run's changes, actual or predicted in check mode."""

    removed: str
    deleted: str
    secrets: str
    kept: str


DONE = _Words("removed", "deleted", "client secrets removed", "kept")
PREDICTED = _Words("would be removed", "would be deleted", "client secrets that would be removed", "would be kept")


def summary(server: Server, *, predicted: bool = False) -> str:
    """Describe the removal of ``server``. ``predicted`` is check mode."""
    declaration = server.declaration
    left, words = _left(server), PREDICTED if predicted else DONE
    name = declaration["application"]["unique_name"]
    if declaration["remove_redirect_uris"]:
        return f"redirect URIs {words.removed} from {name}: {', '.join(declaration['remove_redirect_uris'])}"
    keys = secret_of(declaration, left).get("removed") or []
    done = [
        f"{declaration['callback_url']}: provider {declaration['provider_name']} {_provider(server, words)}",
        f"redirect URI {_redirect_uri(server, left, words)} {name}",
        f"{words.secrets}: {', '.join(keys) or 'none'}",
        *([] if left.get("application") else [f"the application {name} does not exist"]),
        *([f"application {name} {words.deleted}"] if is_deleted(server) else []),
    ]
    return "; ".join(done)


def notes(server: Server, *, predicted: bool = False) -> list[str]:
    """Return the notes on the removal of ``server``: what is kept and why, and the next step."""
    if server.declaration["remove_redirect_uris"]:
        return []
    words = PREDICTED if predicted else DONE
    return [
        f"{words.kept}: {'; '.join(kept(server, predicted=predicted))}",
        *_way_back(server, _left(server)),
        _next(server, predicted),
    ]


def kept(server: Server, *, predicted: bool = False) -> list[str]:
    """Return the parts of ``server`` that a removal keeps, each with the reason."""
    declaration, left = server.declaration, _left(server)
    asked = declaration["remove_console"]
    found = [
        *claims.kept(declaration["claims"]),
        *([] if asked or declaration["claims"]["provider"] else ["the provider (the console was not accessed)"]),
        *_held_by_hand(secret_of(declaration, left), predicted),
        *([_application(server, left)] if left.get("application") and not is_deleted(server) else []),
        ACCOUNTS,
    ]
    return [item for item in found if item]


def is_deleted(server: Server) -> bool:
    """Return whether the application of ``server`` was deleted, or would be."""
    return bool((result_of(server.declaration, server.retired) or {}).get("changed"))


def _left(server: Server) -> Result:
    return result_of(server.declaration, server.registration) or {}


def _provider(server: Server, words: _Words) -> str:
    declaration = server.declaration
    if declaration["claims"]["provider"] or not declaration["remove_console"]:
        return "kept in the console"
    absent = server.configured.get("provider") is not None and not server.configured.get("changed")
    return "was already absent" if absent else words.removed


def _redirect_uri(server: Server, left: Result, words: _Words) -> str:
    if server.declaration["claims"]["redirect_uri"]:
        return "kept in"
    absent = left.get("diff") and server.declaration["callback_url"] not in redirect_uris_before(left)
    return "was already absent from" if absent and not left.get("changed") else f"{words.removed} from"


def _held_by_hand(secret: Result, predicted: bool) -> list[str]:
    """Return the console's client secret if it is kept because nothing shows that it was created for the server."""
    held = secret.get("held") or {}
    if not held or held["key_id"] in (secret.get("removed") or []):
        return []
    name, has = held["name"] or "without a name", "has" if predicted else "had"
    return [f"the client secret {name} (key ID {held['key_id']}) that the console {has}"]


def _application(server: Server, left: Result) -> str:
    """Return the application that is kept, with the reason."""
    declaration = server.declaration
    name, other = declaration["application"]["unique_name"], declaration["claims"]["application"]
    contents = removal.contents(left)
    if contents:
        why = f"it has {' and '.join(contents)}"
    elif other:
        why = claims.why(other)
    elif not declaration["remove_unused_app"]:
        why = f"it is unused; to delete it, set {PREFIX}remove_unused_app to true"
    else:
        why = f"not all servers that share it set {PREFIX}remove_unused_app to true"
    return f"the application {name} ({why})"


def _way_back(server: Server, left: Result) -> t.Iterator[str]:
    """Report what to keep so that users find their accounts if ``server`` is added again."""
    app_id = (left.get("application") or {}).get("app_id")
    if app_id and is_deleted(server):
        yield (
            f"to add the server again with the same accounts, restore the application with the client ID {app_id} "
            f"within {KEPT_DELETED} ({PREFIX}app_restore)"
        )
    elif app_id:
        yield f"to add the server again with the same accounts, keep the client ID {app_id}"


def _next(server: Server, predicted: bool) -> str:
    """Return the next step."""
    first = "after the removal, remove" if predicted else "remove"
    return f"{first} {server.name} from the inventory, or the next run of site.yml configures its sign-in again"
