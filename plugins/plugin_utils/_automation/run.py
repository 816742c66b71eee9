# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""The steps of a bootstrap_automation run: read the files and Entra, then create, renew or remove credentials."""

from __future__ import annotations

import secrets
import typing as t
from datetime import datetime, timezone

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils import _durations
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import InputError, ServiceError
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._run import Context
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._automation import (
    certificates,
    plan,
    secret_file,
)
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._automation.certificates import Certificate
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._automation.entra import Entra
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._automation.files import File, Vault
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._automation.plan import (
    COMPLETE,
    CREATE,
    KEEP,
    RENEW,
    Listed,
)
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._automation.secret_file import SecretFile
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._automation.slot import Slot

Params = t.Mapping[str, t.Any]
Result = dict[str, t.Any]
WAYS = ("certificate_path", "secret_file", "federated_credential")


class Run:
    """The steps of bootstrap()."""

    def __init__(self, params: Params, context: Context, vault: Vault) -> None:
        self.params, self.context, self.vault = params, context, vault
        self.now = datetime.now(timezone.utc)
        self.granted = _check(params)
        check_mode = context.check_mode
        self.pem = Slot.inspect(params["certificate_path"], plan.CERTIFICATE.variable, vault, check_mode=check_mode)
        self.yml = Slot.inspect(params["secret_file"], plan.CLIENT_SECRET.variable, vault, check_mode=check_mode)
        if self.pem and self.pem.file.encrypted:
            raise InputError(
                f"The certificate {self.pem.path} cannot be used",
                answer="the file is encrypted with ansible-vault, but azure-identity reads it without Ansible",
                hint="Decrypt it with ansible-vault decrypt, or set bootstrap_certificate_path to another file",
            )
        self.current_cert, self.new_cert = (self._certificate(file) for file in self._files(self.pem))
        self.current_secret, self.new_secret = (self._variables(file) for file in self._files(self.yml))
        self.entra = Entra(params, context)
        self.removed: list[str] = []

    @staticmethod
    def _files(slot: Slot | None) -> tuple[File | None, File | None]:
        return (slot.file, slot.pending) if slot else (None, None)

    @staticmethod
    def _certificate(file: File | None) -> Certificate | None:
        return certificates.read(file.data, file.path) if file and file.data is not None else None

    @staticmethod
    def _variables(file: File | None) -> SecretFile | None:
        """Return the variables in the file, or None if it does not exist or its client secret cannot be read."""
        if not file or file.data is None:
            return None
        text = file.data.decode("utf-8", "replace")
        return secret_file.parse(text, file.path) if secret_file.is_readable(text) else None

    def decide(self, application: Result | None) -> None:
        """Choose the action for each credential. Raise InputError."""
        request = plan.Request(*(bool(self.params[name]) for name in ("renew", "another", "revoke_former")))
        self.certs, self.secrets = _listed(application)
        for cert, file in self._certificates():
            plan.check_tenant(file.path, cert.tenant_id, self.entra.tenant_id)
        if self.pem:
            own = self.current_cert is None or self.current_cert.holder is not None
            pending = "credential" if self.new_cert else ""
            found = plan.Files(self.pem.path, self.pem.file.exists, own=own, pending=pending)
            self.pem.choice = plan.choose(plan.CERTIFICATE, found, self.certs, request, self.now)
        if self.yml:
            readable = not self.yml.file.exists or self.current_secret is not None
            pending = ("credential" if self.new_secret.secret else "note") if self.new_secret else ""
            found = plan.Files(self.yml.path, self.yml.file.exists, readable, pending=pending)
            self.yml.choice = plan.choose(plan.CLIENT_SECRET, found, self.secrets, request, self.now)
            if request.revoke_former and not readable:
                raise InputError(
                    "The former client secrets cannot be removed",
                    answer=f"the file {self.yml.path} is encrypted, and no vault password can decrypt it, so the "
                    "client secret in use is unknown",
                    hint="Set bootstrap_vault_password, or run ansible-playbook with --ask-vault-pass",
                )
        app_id = application["app_id"] if application else None
        for variables in (self.current_secret, self.new_secret):
            if variables and variables.secret and self.yml and variables.client_id != app_id:
                raise InputError(
                    f"The file {self.yml.path} has the client secret of another application ({variables.client_id})",
                    answer=f"{self.params['unique_name']} "
                    + (f"has the client ID {app_id}" if app_id else "does not exist in this tenant"),
                    hint="If the application was deleted in the last 30 days, set bootstrap_restore to true. If it is "
                    "lost, move the file away and set bootstrap_take_over to the applications that it managed. "
                    "Otherwise, correct bootstrap_unique_name, bootstrap_tenant_id or bootstrap_secret_file",
                )

    @property
    def holder(self) -> str | None:
        """The holder of the client secret, or None for a file of an earlier release."""
        found = self.current_secret or self.new_secret
        return found.holder if found else None

    @property
    def secret_name(self) -> str:
        """The name of the client secret in Entra."""
        return f"automation {self.holder}" if self.holder else "automation"

    @property
    def seals(self) -> bool:
        """Whether the file with the client secret is encrypted after this run.

        An existing file stays encrypted or unencrypted, unless it is renewed with bootstrap_vault_password.
        """
        if not self.yml:
            return False
        file = {KEEP: self.yml.file, COMPLETE: self.yml.pending}.get(self.yml.choice)
        if file:
            return file.encrypted or self._variables(file) is None
        return bool(self.params["vault_password"]) or (
            self.yml.file.encrypted if self.yml.file.exists else bool(self.vault)
        )

    def prepare(self) -> None:
        """Create the private key, and write the note for a client secret, before anything changes in Entra."""
        if self.pem and self.pem.choice in (CREATE, RENEW):
            holder = (self.current_cert and self.current_cert.holder) or secrets.token_hex(3)
            if not self.context.check_mode:
                lifetime = _durations.parse(self.params["certificate_lifetime"], "bootstrap_certificate_lifetime", "1d")
                self.pem.put(certificates.create(holder, self.entra.tenant_id, lifetime, self.now))
                self.new_cert = self._certificate(self.pem.pending)
        if self.yml and self.current_secret and self.yml.choice == RENEW:
            secret_file.check_renewable(self.current_secret, self.yml.path)
        if self.yml and self.yml.choice in (CREATE, RENEW) and not self.new_secret:
            note = secret_file.note(self.holder or secrets.token_hex(3))
            self.new_secret = secret_file.parse(note, self.yml.pending.path)
            if not self.context.check_mode:
                self.yml.put(note.encode())

    def register(self) -> Result:
        """Register the application with its permissions and credentials. Return the result of entra_app."""
        consent = [{"resource": "Microsoft Graph", "app_roles": self.granted}]
        federated = self.params["federated_credential"]
        certs = [self._declared(cert, file) for cert, file in self._certificates()]
        return self.entra.converge(
            unique_name=self.params["unique_name"],
            display_name=self.params["display_name"],
            restore=self.params["restore"],
            sign_in_audience="AzureADMyOrg",
            id_token_issuance_enabled=False,
            description="Registers applications for sign-in to RustDesk servers and keeps them as declared.",
            required_resource_access=consent,
            admin_consent=consent,
            certificates=certs or None,
            federated_credentials=[federated] if federated else None,
            client_secrets=self._client_secrets() or None,
        )

    def _certificates(self) -> t.Iterator[tuple[Certificate, File]]:
        if self.pem and self.current_cert:
            yield self.current_cert, self.pem.file
        if self.pem and self.new_cert:
            yield self.new_cert, self.pem.pending

    @staticmethod
    def _declared(certificate: Certificate, file: File) -> dict[str, t.Any]:
        named = {"name": f"automation {certificate.holder}"} if certificate.holder else {}
        return {"path": file.path, **named}

    def _client_secrets(self) -> list[dict[str, t.Any]]:
        """Return the client_secrets option of entra_app, which removes a superseded client secret after the overlap."""
        if not self.yml:
            return []
        overlap = "0" if self.params["revoke_former"] else self.params["overlap"]
        common = {"name": self.secret_name, "lifetime": self.params["secret_lifetime"], "renew_before": "0"}
        held = self.current_secret.secret if self.current_secret else None
        if self.yml.choice == CREATE:
            return [{**common, "holds_none": True}]
        if self.yml.choice == RENEW:
            return [{**common, "held": held, "state": "renew"}]
        if self.yml.choice == KEEP and held:
            return [{**common, "held": held, "state": "retire", "overlap": overlap}]
        return []

    def keep(self, registered: Result) -> None:
        """Save the new credentials, wait until Entra accepts them, then replace the files in use."""
        app_id = registered["application"]["app_id"]
        if self.yml and self.yml.choice in (CREATE, RENEW):
            (created,) = registered["client_secrets"]
            former = self.current_secret.text if self.current_secret else None
            values = (registered["tenant_id"], app_id, created["secret_text"], created["expires"])
            holder = self.holder
            text = secret_file.render(dict(zip(secret_file.NAMES, values, strict=True)), holder, former)
            self.new_secret = secret_file.parse(text, self.yml.pending.path)
            data = text.encode()
            self.yml.put(self.vault.sealed(data, self.yml.file.secret) if self.seals else data)
        who = registered["tenant_id"], app_id
        if self.pem and self.new_cert:
            source = {"auth_source": "certificate", "certificate_path": self.pem.pending.path}
            self._verify(who, "certificate", self.pem, source)
        if self.yml and self.yml.choice == COMPLETE and self.new_secret:
            source = {"auth_source": "secret", "client_secret": self.new_secret.secret}
            self._verify(who, "client secret", self.yml, source)
        for slot in (self.pem, self.yml):
            if slot and slot.choice != KEEP:
                command = slot.finish()
                if command:
                    self.context.warn(
                        f"The owner or group of {slot.path} could not be kept. Other users who run Ansible may not be "
                        f"able to read it. Run as root: {command}"
                    )

    def _verify(self, who: tuple[str, str], word: str, slot: Slot, source: t.Mapping[str, str]) -> None:
        """Wait until the automation can sign in with the new file of ``slot``."""
        if self.context.notify:
            seconds = f"{self.params['wait_timeout']:.0f}"
            self.context.notify(f"Waiting up to {seconds} seconds for Entra to accept the new {word}")
        try:
            self.entra.sign_in(*who, **source)
        except ServiceError as error:
            hint = f"{slot.path} is unchanged. Run the playbook again, or delete {slot.pending.path} to start over"
            raise error.but(hint=hint) from error

    def clean(self, registered: Result) -> bool:
        """Remove superseded and revoked credentials. Return whether any were removed."""
        keep = {cert.thumbprint for cert, _file in self._certificates()}
        obsolete: list[Listed] = []
        if self.current_cert:
            since = self.current_cert.created + _durations.parse(self.params["overlap"], "bootstrap_overlap")
            obsolete = plan.superseded(self.certs, self.current_cert.holder, keep, since, self.now)
        entries: list[dict[str, t.Any]] = []
        predicted: list[str] = []
        if self.params["revoke_former"]:
            # In check mode, a certificate that would be replaced counts as revoked, and the new one does not exist
            used = self.new_cert or (self.current_cert if self.pem and self.pem.choice == KEEP else None)
            in_use = {used.thumbprint} if used else set()
            obsolete = [*dict.fromkeys((*obsolete, *plan.revoked(self.certs, (), in_use)))]
            own = [self.secret_name] if self.yml else []
            names = sorted({item.name for item in plan.revoked(self.secrets, own, ())})
            entries = [{"name": name, "state": "absent"} for name in names]
            replaced = self.yml and self.yml.choice in (RENEW, COMPLETE)
            former = [item.key for item in self.secrets if item.name == self.secret_name] if replaced else []
            if former and self.context.check_mode and not (self.new_secret and self.new_secret.secret):
                predicted = former
            elif replaced and self.new_secret and self.new_secret.secret:
                # By key ID, because the overlap of a client secret created within the same second may not have elapsed
                held = {"held": self.new_secret.secret, "stray_key_ids": former}
                entries.append({"name": self.secret_name, "state": "retire", "renew_before": "0", **held})
        cleaned: list[dict[str, t.Any]] = []
        if obsolete or entries:
            result = self.entra.converge(
                unique_name=self.params["unique_name"],
                create=False,
                certificates=[{"thumbprint": item.key, "state": "absent"} for item in obsolete] or None,
                client_secrets=entries or None,
            )
            cleaned = result["client_secrets"]
        found = [key for item in (*registered["client_secrets"], *cleaned) for key in item["removed"]]
        retired = dict.fromkeys((*found, *predicted))
        self.removed = [*(f"certificate {item.key}" for item in obsolete), *(f"client secret {key}" for key in retired)]
        return bool(self.removed)

    def expires(self) -> datetime | None:
        """Return when the credential in use expires, or None if unknown."""
        if self.yml:
            found = self.current_secret if self.yml.choice == KEEP else self.new_secret
            return plan.moment(found.expires) if found else None
        cert = self.new_cert or self.current_cert
        return cert.expires if cert else None


def _check(params: Params) -> list[str]:
    """Return the permissions that the variables require. Raise InputError for invalid variables."""
    if not params["tenant_id"]:
        raise InputError("bootstrap_tenant_id is not set", hint="Set it to the tenant ID or one of its domain names")
    if not any(params[way] for way in WAYS):
        names = [f"bootstrap_{way}" for way in WAYS]
        raise InputError("The automation has no way to authenticate", hint=f"Set one of {', '.join(names)}")
    for name in ("certificate_lifetime", "secret_lifetime", "overlap"):
        _durations.parse(params[name], f"bootstrap_{name}", "0" if name == "overlap" else "1d")
    return plan.permissions(params["abilities"])


def _listed(application: Result | None) -> tuple[list[Listed], list[Listed]]:
    """Return the certificates and client secrets of the application."""
    found = application or {"certificates": [], "client_secrets": []}
    far = datetime.max.replace(tzinfo=timezone.utc)
    certs, passwords = (
        [
            Listed(item.get("thumbprint") or item["key_id"], item["name"] or "", plan.moment(item["expires"]) or far)
            for item in found[kind]
        ]
        for kind in ("certificates", "client_secrets")
    )
    return certs, passwords
