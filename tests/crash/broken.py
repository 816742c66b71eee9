# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Break the lifecycle of a client secret on purpose, with patches of the product that only tests know."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.secrets.client_secrets import Decision
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.secrets.writer import SecretWriter
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk import final_check
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.consoles.pro_document import Contract

Patch = pytest.MonkeyPatch
_apply: Callable[..., Any] = SecretWriter.apply


async def _remove_superseded(writer: SecretWriter, decisions: Sequence[Decision]) -> None:
    for decision in decisions:
        for credential in decision.superseded if decision.makes else ():
            await writer.remove(credential)


def swap_two_steps(patch: Patch) -> None:
    """Remove the former client secret before the new one is created."""

    async def apply(writer: SecretWriter, decisions: Sequence[Decision]) -> list[str]:
        await _remove_superseded(writer, decisions)
        return list(await _apply(writer, decisions))

    patch.setattr(SecretWriter, "apply", apply)


def retire_before_the_proof(patch: Patch) -> None:
    """Remove the former client secret as soon as the new one is created."""

    async def apply(writer: SecretWriter, decisions: Sequence[Decision]) -> list[str]:
        warnings = list(await _apply(writer, decisions))
        await _remove_superseded(writer, decisions)
        return warnings

    patch.setattr(SecretWriter, "apply", apply)


def drop_the_wait_for_acceptance(patch: Patch) -> None:
    """Assume that Entra accepts the new client secret."""

    async def accepted(_writer: SecretWriter, decision: Decision) -> None:
        decision.accepted = True

    patch.setattr(SecretWriter, "_accepted", accepted)


def drop_the_read_back(patch: Patch) -> None:
    """Assume that a Pro console stores every write."""
    patch.setattr(Contract, "differences", lambda *_documents: [])
    patch.setattr(final_check, "_check", lambda *_arguments: final_check.FinalCheck(holds=True))


DEFECTS = (swap_two_steps, retire_before_the_proof, drop_the_wait_for_acceptance, drop_the_read_back)
