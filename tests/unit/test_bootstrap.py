# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The decisions, files and texts of bootstrap_automation, without Entra."""

from __future__ import annotations

import os
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, ClassVar

import pytest
import yaml

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import InputError
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils import _paths
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._automation import (
    certificates,
    files,
    guide,
    plan,
    secret_file,
)
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._automation.plan import Files, Listed, Request

NOW = datetime(2026, 11, 28, tzinfo=timezone.utc)
DAY = timedelta(days=1)
PATH = "/keys/automation.yml"
SECRET = "Zx9~wide.awake_0123456789-abcdefghijklmn"
VALUES = dict(zip(secret_file.NAMES, ("tenant", "client", SECRET, "2027-05-27T00:00:00Z"), strict=True))


def listed(name: str = "automation 0a1b2c", key: str = "k1", days: int = 100) -> Listed:
    """A credential of the application."""
    return Listed(key, name, NOW + days * DAY)


class TestPaths:
    """Paths given by the user."""

    @pytest.mark.parametrize(
        ("path", "expected"),
        [
            ("a.pem", "/srv/a.pem"),
            ("./x/../a.pem", "/srv/a.pem"),
            ("/a.pem", "/a.pem"),
            ("~/a.pem", "/home/al/a.pem"),
        ],
    )
    def test_resolved(self, path: str, expected: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("HOME", "/home/al")
        assert _paths.resolved(path, "/srv") == expected


class TestChoose:
    """The decision about one credential."""

    @pytest.mark.parametrize(
        ("here", "there", "asked", "expected"),
        [
            (Files(PATH, True), [listed()], Request(), plan.KEEP),
            (Files(PATH, True, readable=False), [listed()], Request(), plan.KEEP),
            (Files(PATH, True, own=False), [], Request(), plan.KEEP),
            (Files(PATH, True), [listed()], Request(renew=True), plan.RENEW),
            (Files(PATH, False), [], Request(), plan.CREATE),
            (Files(PATH, False), [], Request(renew=True), plan.CREATE),
            (Files(PATH, False), [listed("of others"), listed("automation x")], Request(), plan.CREATE),
            (Files(PATH, False), [listed(days=-1)], Request(), plan.CREATE),
            (Files(PATH, False), [listed("automation")], Request(another=True), plan.CREATE),
            (Files(PATH, False), [listed()], Request(revoke_former=True), plan.CREATE),
            (Files(PATH, True, pending="credential"), [listed()], Request(), plan.COMPLETE),
            (Files(PATH, True, pending="credential"), [listed()], Request(renew=True), plan.COMPLETE),
            (Files(PATH, False, pending="credential"), [listed()], Request(), plan.COMPLETE),
            (Files(PATH, True, pending="note"), [listed()], Request(), plan.RENEW),
            (Files(PATH, False, pending="note"), [listed()], Request(), plan.CREATE),
        ],
    )
    def test_choice(self, here: Files, there: list[Listed], asked: Request, expected: str) -> None:
        assert plan.choose(plan.CLIENT_SECRET, here, there, asked, NOW) == expected

    @pytest.mark.parametrize(
        ("here", "there", "asked", "said"),
        [
            (Files(PATH, False), [listed("automation")], Request(), "automation, expires 2027-03-08"),
            (Files(PATH, False), [listed()], Request(renew=True), "bootstrap_secret_file to its path"),
            (Files(PATH, True, readable=False), [], Request(renew=True), "no vault password can decrypt it"),
            (Files(PATH, True, own=False), [], Request(renew=True), "was not created by this playbook"),
        ],
    )
    def test_refused(self, here: Files, there: list[Listed], asked: Request, said: str) -> None:
        with pytest.raises(InputError, match=said):
            plan.choose(plan.CLIENT_SECRET, here, there, asked, NOW)


class TestTenant:
    """A certificate created by the playbook is for one tenant."""

    def test_a_certificate_for_another_tenant_is_refused(self) -> None:
        with pytest.raises(InputError, match=r"created it for the tenant a.*one file for each tenant"):
            plan.check_tenant("a.pem", "a", "b")

    @pytest.mark.parametrize("made_for", ["", "b", "B"])
    def test_other_certificates_can_be_used(self, made_for: str) -> None:
        plan.check_tenant("a.pem", made_for, "b")


class TestRemoved:
    """The credentials that are removed."""

    THERE = (
        listed(),
        listed(key="k2"),
        listed("automation ffffff", "k3"),
        listed("automation", "k4"),
        listed("x", "k5"),
    )

    def test_only_earlier_ones_of_the_same_file_after_the_overlap(self) -> None:
        assert plan.superseded(self.THERE, "0a1b2c", {"k2"}, NOW, NOW) == [self.THERE[0]]
        assert plan.superseded(self.THERE, "0a1b2c", {"k2"}, NOW + DAY, NOW) == []
        assert plan.superseded(self.THERE, None, {"k2"}, NOW, NOW) == []

    def test_all_that_the_playbook_created_except_those_in_use(self) -> None:
        assert [item.key for item in plan.revoked(self.THERE, (), {"k2"})] == ["k1", "k3", "k4"]
        assert [item.key for item in plan.revoked(self.THERE, {"automation 0a1b2c"}, ())] == ["k3", "k4"]


def test_permissions() -> None:
    assert plan.permissions([]) == ["Application.ReadWrite.OwnedBy"]
    assert plan.permissions(["policies", "policies"]) == ["Application.ReadWrite.OwnedBy", "Policy.Read.All"]
    with pytest.raises(InputError, match="unknown ability all"):
        plan.permissions(["all"])


class TestCertificate:
    """The PEM file."""

    def test_a_created_file_is_recognized(self) -> None:
        made = certificates.create("0a1b2c", "t", 365 * DAY, NOW)
        found = certificates.read(made, "a.pem")
        expected = certificates.Certificate(found.thumbprint, "0a1b2c", NOW, NOW + 365 * DAY, tenant_id="t")
        assert found == expected
        only = made[made.index(b"-----BEGIN CERTIFICATE") :]
        assert not certificates.read(only, "a.pem").has_key

    def test_a_file_of_others_has_no_holder(self, tmp_path: Path) -> None:
        from cryptography import x509
        from cryptography.hazmat.primitives import hashes, serialization
        from cryptography.hazmat.primitives.asymmetric import ec

        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "automation 0a1b2c")])
        builder = x509.CertificateBuilder(name, name, key.public_key(), 7, NOW, NOW + DAY)
        pem = builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
        assert certificates.read(pem, "a.pem").holder is None

    @pytest.mark.parametrize("text", [b"", b"-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n"])
    def test_another_file_is_refused(self, text: bytes) -> None:
        with pytest.raises(InputError, match=r"The file a\.pem has no certificate in PEM format"):
            certificates.read(text, "a.pem")


class TestSecretFile:
    """The file with the variables."""

    def test_a_rendered_file_can_be_read(self) -> None:
        found = secret_file.parse(secret_file.render(VALUES, "0a1b2c"), PATH)
        assert (found.client_id, found.secret, found.holder) == ("client", SECRET, "0a1b2c")
        assert found.expires == "2027-05-27T00:00:00Z"

    def test_the_note_contains_only_the_holder(self) -> None:
        found = secret_file.parse(secret_file.note("0a1b2c"), PATH)
        assert (found.secret, found.holder) == ("", "0a1b2c")

    def test_renewal_keeps_the_rest_of_the_file(self) -> None:
        """As in a file of an earlier release, which has no expiry date."""
        names = (secret_file.TENANT, secret_file.CLIENT_ID, secret_file.SECRET)
        former = "# mine\n" + "".join(f"{name}: old\n" for name in names) + "other: 1"
        found = secret_file.render(VALUES, None, former)
        assert yaml.safe_load(found) == {**VALUES, "other": 1}
        assert found.startswith("# mine\n")

    @pytest.mark.parametrize("text", ["", "a: 1", "- 1", "{", f"{secret_file.SECRET}: [1]", "# Holder: 0a1b2c\nb: 1"])
    def test_another_file_is_refused(self, text: str) -> None:
        with pytest.raises(InputError, match="was not created by this playbook"):
            secret_file.parse(text, PATH)

    def test_a_value_with_its_own_encryption_cannot_be_read(self) -> None:
        assert not secret_file.is_readable(f"{secret_file.SECRET}: !vault |\n  $ANSIBLE_VAULT;1.1;AES256\n  00")

    def test_another_variable_can_have_its_own_encryption(self) -> None:
        """It is unchanged when the client secret is renewed."""
        other = "other: !vault |\n  $ANSIBLE_VAULT;1.1;AES256\n  00\nmore: !unsafe '{{ x }}'\n"
        found = secret_file.parse(secret_file.render(VALUES, "0a1b2c") + other, PATH)
        assert found.secret == SECRET
        secret_file.check_renewable(found, PATH)
        assert other in secret_file.render({**VALUES, secret_file.SECRET: "new"}, None, found.text)

    def test_a_multiline_value_is_not_renewed(self) -> None:
        text = f"{secret_file.CLIENT_ID}: c\n{secret_file.SECRET}: >-\n  {SECRET}\n"
        with pytest.raises(InputError, match="is not on a single line"):
            secret_file.check_renewable(secret_file.parse(text, PATH), PATH)


class TestFiles:
    """Files that contain a secret."""

    def test_a_file_is_written_atomically_and_only_for_its_owner(self, tmp_path: Path) -> None:
        path, link = tmp_path / "a.yml", tmp_path / "link.yml"
        path.write_text("old")
        path.chmod(0o644)
        link.symlink_to(path)
        files.write(str(link), b"new")
        assert (path.read_text(), path.stat().st_mode & 0o777, link.is_symlink()) == ("new", 0o600, True)
        assert sorted(item.name for item in tmp_path.iterdir()) == ["a.yml", "link.yml"]

    @pytest.mark.parametrize(("was", "expected"), [(0o640, 0o640), (0o664, 0o640), (0o400, 0o400), (None, 0o600)])
    def test_a_file_keeps_its_readers(self, was: int | None, expected: int, tmp_path: Path) -> None:
        """Users outside its group can never read it."""
        path, new = tmp_path / "a.pem", tmp_path / "a.pem.new"
        other = next((group for group in os.getgroups() if group != os.getgid()), 4242 if os.getuid() == 0 else None)
        if was:
            path.write_text("old")
            if other is not None:
                os.chown(path, -1, other)
            path.chmod(was)
        group = path.stat().st_gid if was else os.getgid()
        files.write(str(new), b"new")
        assert files.replace_file(str(new), str(path)) == ""
        assert (path.read_text(), path.stat().st_mode & 0o777, path.stat().st_gid) == ("new", expected, group)

    @pytest.mark.parametrize(("refused", "mode"), [("group", 0o600), ("owner", 0o640)])
    def test_ownership_that_cannot_be_kept_is_reported(
        self, refused: str, mode: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The group of the user who renews never reads it instead."""
        path, new = tmp_path / "a.pem", tmp_path / "a.pem.new"
        path.write_text("old")
        path.chmod(0o640)
        files.write(str(new), b"new")
        stat = os.stat

        def as_root(name: Any, **options: Any) -> Any:
            """The file belongs to root and the group 990."""
            found = stat(name, **options)
            given = [*found[:4], 0x7FFF, 990, *found[6:]]
            return os.stat_result(given) if str(name) == str(path) else found

        def chown(_path: str, uid: int, _gid: int) -> None:
            if refused == "group" or uid != -1:
                raise PermissionError

        with monkeypatch.context() as patch:
            patch.setattr(os, "stat", as_root)
            patch.setattr(os, "chown", chown)
            left = files.replace_file(str(new), str(path))
        assert left == f"chown 32767:990 {path} && chmod 640 {path}"
        assert (path.read_text(), path.stat().st_mode & 0o777) == ("new", mode)

    def test_one_run_at_a_time(self, tmp_path: Path) -> None:
        paths = [str(tmp_path / name) for name in ("a.pem", "a.yml")]
        another = "Another run of bootstrap_automation is in progress"
        with files.locked(paths), pytest.raises(InputError, match=another), files.locked(paths[:1]):
            pass
        with files.locked(paths), files.locked(["/no/such/directory/a.pem"]):
            pass
        assert list(tmp_path.iterdir()) == []

    def test_a_file_is_encrypted_with_its_former_password(self, tmp_path: Path) -> None:
        path, own = tmp_path / "a.yml", files.Vault("own")
        path.write_bytes(own.sealed(b"text"))
        seen = files.inspect(str(path), own)
        assert (seen.data, seen.encrypted) == (b"text", True)
        assert files.inspect(str(path), files.Vault("other")).data is None
        both = files.Vault("other")
        assert own.opened(both.sealed(b"more", seen.secret))
        assert both.opened(both.sealed(b"more"))
        assert files.Vault().sealed(b"more") == b"more"


class TestGuide:
    """The texts for the administrator."""

    FACTS: ClassVar[dict[str, Any]] = {
        "display_name": "automation",
        "tenant_id": "t",
        "object_id": "o",
        "permissions": ["P"],
        "variables": {"rustdesk_sso_tenant_id": "t", "rustdesk_sso_entra_certificate_path": "/keys/a.pem"},
        "expires": NOW,
    }

    def told(self, **facts: Any) -> str:
        """Return the text."""
        return "\n".join(guide.lines(guide.Facts(**{**self.FACTS, **facts})))

    def test_a_certificate(self) -> None:
        text = self.told(certificate_path="/keys/a.pem")
        block = text[text.index("---\n") : text.index("\n\nApplication")]
        assert yaml.safe_load(block) == self.FACTS["variables"]
        assert "Object ID of its service principal: o" in text
        assert "Certificate expires: 2026-11-28" in text
        assert "again with the variables of this run and -e bootstrap_renew=true" in text
        assert "again with the variables of this run and -e bootstrap_take_over=" in text
        assert "Add the private key" not in text

    def test_a_certificate_of_others_is_not_renewed_by_the_playbook(self) -> None:
        text = self.told(certificate_path="/keys/a.pem", own=False, has_key=False)
        assert "bootstrap_renew" not in text
        assert "Add the private key to /keys/a.pem" in text

    def test_after_a_renewal(self) -> None:
        """The inventory exists, and the former one may no longer exist."""
        text = self.told(certificate_path="/keys/a.pem", renewed=True)
        assert "The former certificate keeps working" in text
        assert "Write the inventory" not in text
        assert "keeps working" not in self.told(certificate_path="/keys/a.pem", renewed=True, revoked=True)

    @pytest.mark.parametrize(
        ("hosts", "place", "option"),
        [
            ("rustdesk_servers", "group_vars/rustdesk_servers/", "--diff"),
            ("desks", "group_vars/desks/", "--diff -e rustdesk_sso_hosts=desks"),
            ("desks:!old", "group_vars/all/", "--diff -e rustdesk_sso_hosts='desks:!old'"),
        ],
    )
    def test_another_group(self, hosts: str, place: str, option: str) -> None:
        text = self.told(hosts=hosts)
        assert f"for example {place}entra.yml" in text
        assert text.endswith(option)
        assert "Move the file" not in self.told(hosts=hosts, secret_file=f"/x/{place}a.yml")

    def test_a_client_secret(self) -> None:
        elsewhere = self.told(secret_file="/keys/a.yml")
        assert "-e @/keys/a.yml" in elsewhere
        assert "ansible-vault encrypt /keys/a.yml" in elsewhere
        there = self.told(secret_file="/x/group_vars/rustdesk_servers/a.yml", secret_encrypted=True)
        assert "Move the file" not in there
        assert "ansible-vault encrypt" not in there
