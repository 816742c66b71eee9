#!/usr/bin/python
# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: entra_app
short_description: An application in Microsoft Entra ID, with its service principal and client secrets
version_added: 0.1.0
description:
  - Registers an application in Microsoft Entra ID and keeps it as declared, with its service principal and with one
    client secret for each holder.
  - An option that is omitted is not managed. An empty list means that there shall be none.
  - Needs the Microsoft Graph application permission C(Application.ReadWrite.OwnedBy); for applications that it did not
    create, and for finding one by O(display_name) where the tenant does not allow listing,
    C(Application.ReadWrite.All).
author:
  - deskops (@deskops)
extends_documentation_fragment:
  - deskops.rustdesk_sso._entra
  - deskops.rustdesk_sso._actiongroup.entra
  - ansible.builtin.action_common_attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  platform:
    support: full
    platforms: all
options:
  object_id: &object_id
    description: The application's object ID. An application that does not exist is an error.
    type: str
  app_id: &app_id
    description: The application (client) ID. An application that does not exist is an error.
    type: str
  unique_name: &unique_name
    description:
      - A name of your choice that finds the application again, whatever it is called; unique in the tenant and never
        shown to users.
      - The application is created with it, or gets it when it is found by another key and has none. It cannot be
        changed afterwards.
      - With it, creation is safe to repeat; without it, a lost answer has to be resolved by looking for the name.
    type: str
  display_name: &display_name
    description:
      - The name that users see when they sign in.
      - Finds the application where none of O(object_id), O(app_id) and O(unique_name) is given. More than one of that
        name is an error that lists them.
    type: str
  sign_in_audience: &sign_in_audience
    description:
      - Which accounts may sign in. A new application gets V(AzureADMyOrg) when it is omitted.
      - With the two audiences that include personal Microsoft accounts, Entra allows two client secrets only.
    type: str
    choices: [AzureADMyOrg, AzureADMultipleOrgs, AzureADandPersonalMicrosoftAccount, PersonalMicrosoftAccount]
  adopt: &adopt
    description:
      - Whether an application that has O(display_name) but no unique name is taken over when there is none of
        O(unique_name). Otherwise such an application is an error, because a second one of its name is rarely meant.
    type: bool
    default: false
  restore: &restore
    description:
      - Whether an application that was deleted in the last 30 days is restored when there is no other; with its client
        secrets and its service principal, so that sign-in works again as it did.
      - What else belonged to it, such as owners and assignments, is not known before; check mode does not show it.
    type: bool
    default: false
  description: &description
    description: What the application is for, shown to users. An empty text clears it.
    type: str
  notes: &notes
    description: Notes for administrators. An empty text clears them.
    type: str
  tags: &tags
    description: Exactly these tags.
    type: list
    elements: str
  service_management_reference: &service_management_reference
    description: The application's entry in a service or asset management database. An empty text clears it.
    type: str
  requested_access_token_version: &requested_access_token_version
    description: The version of access tokens for the application's own API. Always V(2) with personal accounts.
    type: int
    choices: [1, 2]
  web_redirect_uris: &web_redirect_uris
    description: The redirect URIs of platform C(Web). For RustDesk, each server's callback URL.
    type: dict
    suboptions:
      set:
        description: Exactly these, and no others.
        type: list
        elements: str
      add:
        description: These in addition to those that are there.
        type: list
        elements: str
      remove:
        description: These not; others stay.
        type: list
        elements: str
  spa_redirect_uris: &spa_redirect_uris
    description: The redirect URIs of platform C(Single-page application).
    type: dict
    suboptions:
      set:
        description: Exactly these, and no others.
        type: list
        elements: str
      add:
        description: These in addition to those that are there.
        type: list
        elements: str
      remove:
        description: These not; others stay.
        type: list
        elements: str
  public_client_redirect_uris: &public_client_redirect_uris
    description: The redirect URIs of platform C(Mobile and desktop applications).
    type: dict
    suboptions:
      set:
        description: Exactly these, and no others.
        type: list
        elements: str
      add:
        description: These in addition to those that are there.
        type: list
        elements: str
      remove:
        description: These not; others stay.
        type: list
        elements: str
  fallback_public_client_enabled: &fallback_public_client_enabled
    description: Whether the application is treated as a public client where Entra cannot tell.
    type: bool
  id_token_issuance_enabled: &id_token_issuance_enabled
    description:
      - Whether the authorization endpoint may issue ID tokens (implicit and hybrid flows), as RustDesk's guide asks.
      - A new application gets V(true) when it is omitted.
    type: bool
  access_token_issuance_enabled: &access_token_issuance_enabled
    description: Whether the authorization endpoint may issue access tokens (implicit flow). RustDesk does not need it.
    type: bool
  home_page_url: &home_page_url
    description: The application's home page. An empty text clears it.
    type: str
  logout_url: &logout_url
    description: The front-channel logout URL (https). An empty text clears it.
    type: str
  marketing_url: &marketing_url
    description: The marketing page. An empty text clears it.
    type: str
  privacy_statement_url: &privacy_statement_url
    description: The privacy statement, shown where users consent. An empty text clears it.
    type: str
  support_url: &support_url
    description: The support page. An empty text clears it.
    type: str
  terms_of_service_url: &terms_of_service_url
    description: The terms of service, shown where users consent. An empty text clears it.
    type: str
  logo: &logo
    description:
      - A PNG, JPEG or GIF file on the machine that runs the task, shown where users sign in.
      - It is set when the present logo has other content.
      - Entra cannot remove a logo.
    type: path
  group_membership_claims: &group_membership_claims
    description:
      - Which of a user's groups the tokens name, by object ID. An empty list means none.
      - See O(optional_claims) for names instead of IDs.
    type: list
    elements: str
    choices: [All, SecurityGroup, DirectoryRole, ApplicationGroup]
  optional_claims: &optional_claims
    description:
      - Claims in addition to those that tokens have anyway. A kind of token that is omitted is not managed.
      - For RustDesk's group mapping, which compares names, add V(groups) to O(optional_claims.id_token) with
        V(cloud_displayname) among its C(additional_properties), and set O(group_membership_claims) to
        V(ApplicationGroup). Tokens then name the groups that are assigned to the application (O(assignments)), if they
        were made in Entra. Groups synchronised from an on-premises directory take V(sam_account_name) instead.
    type: dict
    suboptions:
      id_token:
        description: Exactly these claims in ID tokens.
        type: list
        elements: dict
        suboptions:
          name:
            description: The claim, such as V(email), V(upn) or V(groups).
            type: str
            required: true
          source:
            description: V(user) for an extension property of the user; omitted for claims that Entra knows.
            type: str
          essential:
            description: Whether the client needs it.
            type: bool
            default: false
          additional_properties:
            description: How Entra shall give it, such as V(cloud_displayname) for V(groups).
            type: list
            elements: str
            default: []
      access_token:
        description: Exactly these claims in access tokens.
        type: list
        elements: dict
        suboptions:
          name:
            description: The claim, such as V(email), V(upn) or V(groups).
            type: str
            required: true
          source:
            description: V(user) for an extension property of the user; omitted for claims that Entra knows.
            type: str
          essential:
            description: Whether the client needs it.
            type: bool
            default: false
          additional_properties:
            description: How Entra shall give it, such as V(cloud_displayname) for V(groups).
            type: list
            elements: str
            default: []
  identifier_uris: &identifier_uris
    description:
      - Exactly these identifiers of the application's own API. The text C({app_id}) stands for the app ID, as in
        V(api://{app_id}).
    type: list
    elements: str
  app_roles: &app_roles
    description:
      - Exactly these roles. One that goes or changes while it is enabled is disabled first, as Entra demands.
      - A role keeps its ID as long as its O(app_roles[].value) stays.
    type: list
    elements: dict
    suboptions:
      value:
        description: What tokens name in their C(roles) claim.
        type: str
        required: true
      display_name:
        description: The name that administrators see.
        type: str
        required: true
      description:
        description: What the role allows.
        type: str
        required: true
      allowed_member_types:
        description: Who can have it.
        type: list
        elements: str
        choices: [User, Application]
        default: [User]
      enabled:
        description: Whether it can be used.
        type: bool
        default: true
      id:
        description: Its ID. When omitted, that of the present role of this value, else one that follows from it.
        type: str
  permission_scopes: &permission_scopes
    description:
      - Exactly these delegated permissions of the application's own API (exposed scopes).
      - One that goes or changes while it is enabled is disabled first, as Entra demands.
    type: list
    elements: dict
    suboptions:
      value:
        description: What tokens name in their C(scp) claim.
        type: str
        required: true
      type:
        description: Whether users can consent themselves, or administrators only.
        type: str
        choices: [User, Admin]
        default: User
      admin_consent_display_name:
        description: The name where an administrator consents.
        type: str
        required: true
      admin_consent_description:
        description: The description where an administrator consents.
        type: str
        required: true
      user_consent_display_name:
        description: The name where a user consents.
        type: str
      user_consent_description:
        description: The description where a user consents.
        type: str
      enabled:
        description: Whether it can be used.
        type: bool
        default: true
      id:
        description: Its ID. When omitted, that of the present scope of this value, else one that follows from it.
        type: str
  pre_authorized_applications: &pre_authorized_applications
    description: Exactly these client applications need no consent for the scopes of O(permission_scopes).
    type: list
    elements: dict
    suboptions:
      app_id:
        description: The client's application ID.
        type: str
        required: true
      scopes:
        description: Values or IDs of scopes.
        type: list
        elements: str
        required: true
  required_resource_access: &required_resource_access
    description:
      - Exactly these permissions of other resources are asked for, as under C(API permissions) in the portal.
      - Asking is not having, see O(admin_consent). Signing in to RustDesk needs none of them.
    type: list
    elements: dict
    suboptions:
      resource:
        description: The resource, by app ID or display name, such as V(Microsoft Graph).
        type: str
        required: true
      scopes:
        description: Delegated permissions, by name or ID, such as V(User.Read).
        type: list
        elements: str
      app_roles:
        description: Application permissions, by name or ID, such as V(User.Read.All).
        type: list
        elements: str
  admin_consent: &admin_consent
    description:
      - What the application may do at these resources for all users, without asking them (delegated grants), and for
        itself (app role grants).
      - Exact for each resource that is named; C(scopes) or C(app_roles) that are omitted are not managed there, and
        other resources are not touched.
    type: list
    elements: dict
    suboptions:
      resource:
        description: The resource, by app ID or display name, such as V(Microsoft Graph).
        type: str
        required: true
      scopes:
        description: Delegated permissions, by name or ID. An empty list revokes the grant.
        type: list
        elements: str
      app_roles:
        description: Application permissions, by name or ID. An empty list revokes all.
        type: list
        elements: str
  owners: &owners
    description:
      - Who may manage the application; users by user principal name or object ID, service principals by object ID.
      - The automation itself stays an owner with O(owners.set), because without that it could not undo it; only
        O(owners.remove) removes it.
    type: dict
    suboptions:
      set:
        description: Exactly these, and no others.
        type: list
        elements: str
      add:
        description: These in addition to those that are there.
        type: list
        elements: str
      remove:
        description: These not; others stay.
        type: list
        elements: str
  assignments: &assignments
    description:
      - Which users and groups are assigned to the application. With O(service_principal.app_role_assignment_required),
        only they can sign in.
      - Other applications that have roles of this one are not touched.
    type: dict
    suboptions:
      set:
        description: Exactly these, and no others.
        type: list
        elements: dict
        suboptions:
          user:
            description: A user, by user principal name or object ID.
            type: str
          group:
            description: A group, by display name or object ID. Names need C(GroupMember.Read.All).
            type: str
          app_role:
            description:
              - The value or ID of the role of O(app_roles) that is assigned. Omitted, it is access without a role.
            type: str
      add:
        description: These in addition to those that are there.
        type: list
        elements: dict
        suboptions:
          user:
            description: A user, by user principal name or object ID.
            type: str
          group:
            description: A group, by display name or object ID. Names need C(GroupMember.Read.All).
            type: str
          app_role:
            description:
              - The value or ID of the role of O(app_roles) that is assigned. Omitted, it is access without a role.
            type: str
      remove:
        description: These not; others stay. Without a role, all assignments of the user or group.
        type: list
        elements: dict
        suboptions:
          user:
            description: A user, by user principal name or object ID.
            type: str
          group:
            description: A group, by display name or object ID. Names need C(GroupMember.Read.All).
            type: str
          app_role:
            description:
              - The value or ID of the role of O(app_roles) that is assigned. Omitted, it is access without a role.
            type: str
  certificates: &certificates
    description:
      - Certificates with which the application can sign in. Others are never touched.
      - RustDesk signs in with a client secret; a certificate is for other uses of the application.
    type: list
    elements: dict
    suboptions:
      path:
        description: A file on the machine that runs the task with the certificate in PEM form. A key in it is not sent.
        type: path
      content:
        description: The certificate in PEM form.
        type: str
      thumbprint:
        description: The SHA-1 thumbprint of a certificate to be removed.
        type: str
      name:
        description: The display name of a new one; made from the thumbprint when it is omitted.
        type: str
      state:
        description: Whether the application shall have it.
        type: str
        default: present
        choices: [present, absent]
  federated_credentials: &federated_credentials
    description: Tokens of other identity providers with which the application can sign in. Others are never touched.
    type: list
    elements: dict
    suboptions:
      name:
        description: The name, which cannot be changed.
        type: str
        required: true
      issuer:
        description: The issuer of the tokens. Needed unless O(federated_credentials[].state=absent).
        type: str
      subject:
        description: The subject of the tokens. Needed unless O(federated_credentials[].state=absent).
        type: str
      audiences:
        description: The one audience of the tokens. A new one gets V(api://AzureADTokenExchange) when it is omitted.
        type: list
        elements: str
      description:
        description: What it is for. An empty text clears it.
        type: str
      state:
        description: Whether the application shall have it.
        type: str
        default: present
        choices: [present, absent]
  service_principal_lock: &service_principal_lock
    description: Which properties of the service principals in other tenants their administrators cannot change.
    type: dict
    suboptions:
      enabled:
        description: Whether the lock is on.
        type: bool
      all_properties:
        description: Locks all that can be locked.
        type: bool
      credentials_with_usage_sign:
        description: Locks credentials for signing.
        type: bool
      credentials_with_usage_verify:
        description: Locks credentials for verifying, those with which the application signs in.
        type: bool
      token_encryption_key_id:
        description: Locks the key that encrypts tokens.
        type: bool
  service_principal: &service_principal
    description: The application's service principal in this tenant, without which nobody can sign in.
    type: dict
    suboptions:
      state:
        description: Whether there shall be one.
        type: str
        default: present
        choices: [present, absent]
      account_enabled:
        description: Whether anybody can sign in to the application.
        type: bool
      app_role_assignment_required:
        description: Whether only users and groups that are assigned can sign in, see O(assignments).
        type: bool
      visible_to_users:
        description: Whether users see the application in their list of applications.
        type: bool
      notes:
        description: Notes for administrators. An empty text clears them.
        type: str
      notification_email_addresses:
        description: Exactly these addresses get Entra's mails about certificates that expire.
        type: list
        elements: str
      preferred_single_sign_on_mode:
        description: The mode that the portal shows. An empty text clears it.
        type: str
        choices: [oidc, password, saml, notSupported, '']
  client_secrets: &client_secrets
    description:
      - One entry for each holder of a client secret. A client secret whose display name is exactly
        O(client_secrets[].name) belongs to that entry; others are never touched.
      - A new one is made when the holder has none that Entra accepts, or when the held one expires soon. The task then
        waits until Entra accepts it. Earlier ones keep working until O(retire_superseded) removes them.
    type: list
    elements: dict
    suboptions:
      name:
        description: The holder; the display name of the client secret.
        type: str
        required: true
      held:
        description:
          - The value that the holder has now. Empty or omitted when it has none or it cannot be read.
          - A value of less than 16 characters counts as none, as no client secret of Entra is so short.
        type: str
      held_key_id:
        description: The key ID of the client secret that the holder has now, where that is known instead of the value.
        type: str
      lifetime:
        description: How long a new client secret shall last, such as V(180d) or V(36h).
        type: str
        default: 180d
      renew_before:
        description: How long before it expires a client secret is renewed.
        type: str
        default: 30d
      overlap:
        description: How long a superseded client secret keeps working after its successor was made.
        type: str
        default: 1d
      state:
        description:
          - V(absent) removes all client secrets of this name.
          - V(renew) makes a new one with each run, however long the held one lasts.
          - V(retire) makes none in any case and only removes superseded ones, if the held one is there.
        type: str
        default: present
        choices: [present, absent, renew, retire]
  verify_held: &verify_held
    description:
      - Whether Entra's token endpoint is asked if a held value is really accepted, with one request for each. Else the
        value is matched to the application's client secrets by its first three characters.
      - V(unlisted) asks only where no client secret that has not expired begins like it, so that it may have been
        removed, or made a moment ago.
    type: str
    default: always
    choices: [always, unlisted, never]
  retire_superseded: &retire_superseded
    description:
      - Whether superseded client secrets are removed, once the holder has another one and the overlap is over.
    type: bool
    default: true
  relying_party_client_id: &relying_party_client_id
    description:
      - The app ID that the server has already which users sign in to, where it is known. The service principal is then
        read together with the application.
      - It only saves time, and changes nothing where it is another one.
    type: str
    version_added: 0.2.0
  wait_timeout:
    description: How many seconds to wait for one change to be replicated in Entra, which usually takes 4 to 18.
    type: float
    default: 300
  state: &state
    description:
      - V(absent) deletes the application with its service principal. Entra keeps a deleted application for 30 days,
        see O(restore) and O(purge).
      - An application to delete has to be named by O(unique_name), O(app_id), O(object_id) or, if there is just one of
        that name, O(display_name).
    type: str
    default: present
    choices: [present, absent]
  purge: &purge
    description: Whether O(state=absent) deletes the application for good, also one deleted in the last 30 days.
    type: bool
    default: false
  create: &create
    description:
      - Whether an application that does not exist is created.
      - If V(false), an application that does not exist stays away, and RV(application) is null.
    type: bool
    default: true
    version_added: 0.2.0
  applications:
    description:
      - Several applications, instead of the options of one. They are read together and converged at the same time,
        which takes a fraction of the time and of the requests of as many tasks.
      - One that fails does not stop the others. The task fails after all were tried, and RV(applications) has what was
        made, new client secrets included.
      - An entry may sign in on its own, to another tenant for example. An option of the sign-in that an entry does not
        have is the task's. Entries with the same sign-in share a session. If a sign-in is refused, only its own entries
        fail.
    type: list
    elements: dict
    version_added: 0.2.0
    suboptions:
      object_id: *object_id
      app_id: *app_id
      unique_name: *unique_name
      display_name: *display_name
      sign_in_audience: *sign_in_audience
      adopt: *adopt
      restore: *restore
      description: *description
      notes: *notes
      tags: *tags
      service_management_reference: *service_management_reference
      requested_access_token_version: *requested_access_token_version
      web_redirect_uris: *web_redirect_uris
      spa_redirect_uris: *spa_redirect_uris
      public_client_redirect_uris: *public_client_redirect_uris
      fallback_public_client_enabled: *fallback_public_client_enabled
      id_token_issuance_enabled: *id_token_issuance_enabled
      access_token_issuance_enabled: *access_token_issuance_enabled
      home_page_url: *home_page_url
      logout_url: *logout_url
      marketing_url: *marketing_url
      privacy_statement_url: *privacy_statement_url
      support_url: *support_url
      terms_of_service_url: *terms_of_service_url
      logo: *logo
      group_membership_claims: *group_membership_claims
      optional_claims: *optional_claims
      identifier_uris: *identifier_uris
      app_roles: *app_roles
      permission_scopes: *permission_scopes
      pre_authorized_applications: *pre_authorized_applications
      required_resource_access: *required_resource_access
      admin_consent: *admin_consent
      owners: *owners
      assignments: *assignments
      certificates: *certificates
      federated_credentials: *federated_credentials
      service_principal_lock: *service_principal_lock
      service_principal: *service_principal
      client_secrets: *client_secrets
      verify_held: *verify_held
      retire_superseded: *retire_superseded
      relying_party_client_id: *relying_party_client_id
      state: *state
      purge: *purge
      create: *create
      wait_timeout:
        description: How many seconds to wait for one change to be replicated in Entra. If omitted, the task's value.
        type: float
      tenant_id:
        description: O(tenant_id) of this entry.
        type: str
      access_token:
        description: O(access_token) of this entry.
        type: str
      client_id:
        description: O(client_id) of this entry.
        type: str
      client_secret:
        description: O(client_secret) of this entry.
        type: str
      certificate_path:
        description: O(certificate_path) of this entry.
        type: path
      certificate_password:
        description: O(certificate_password) of this entry.
        type: str
      federated_token:
        description: O(federated_token) of this entry.
        type: str
      federated_token_file:
        description: O(federated_token_file) of this entry.
        type: path
      auth_source:
        description: O(auth_source) of this entry.
        type: str
        choices: [auto, access_token, secret, certificate, workload_identity, managed_identity, azure_cli]
      cloud:
        description: O(cloud) of this entry.
        type: str
        choices: [public, us_government, us_government_dod, china]
      authority_host:
        description: O(authority_host) of this entry.
        type: str
      graph_endpoint:
        description: O(graph_endpoint) of this entry.
        type: str
      ca_path:
        description: O(ca_path) of this entry.
        type: path
      timeout:
        description: O(timeout) of this entry.
        type: float
seealso:
  - module: deskops.rustdesk_sso.entra_app_info
  - module: deskops.rustdesk_sso.rustdesk_oidc_provider
notes:
  - A result that holds a new client secret is kept out of all output by itself; C(no_log) is not needed.
"""

EXAMPLES = r"""
- name: Register RustDesk, with one client secret
  deskops.rustdesk_sso.entra_app:
    tenant_id: 11111111-2222-3333-4444-555555555555
    client_id: "{{ automation_client_id }}"
    client_secret: "{{ automation_client_secret }}"
    unique_name: rustdesk-sso
    display_name: RustDesk
    web_redirect_uris:
      add:
        - https://desk1.example.com/api/oidc/callback
    client_secrets:
      - name: desk1.example.com
        held: "{{ held_secret | default('') }}"
  register: registration

- name: Take a server's redirect URI and client secret away
  deskops.rustdesk_sso.entra_app:
    tenant_id: example.com
    unique_name: rustdesk-sso
    web_redirect_uris:
      remove:
        - https://desk2.example.com/api/oidc/callback
    client_secrets:
      - name: desk2.example.com
        state: absent

- name: Register several applications at once
  deskops.rustdesk_sso.entra_app:
    tenant_id: example.com
    applications:
      - unique_name: rustdesk-berlin
        display_name: RustDesk Berlin
        web_redirect_uris:
          set: [https://berlin.example.com/api/oidc/callback]
      - unique_name: rustdesk-paris
        display_name: RustDesk Paris
        web_redirect_uris:
          set: [https://paris.example.com/api/oidc/callback]

- name: Delete the application
  deskops.rustdesk_sso.entra_app:
    tenant_id: example.com
    unique_name: rustdesk-sso
    state: absent
"""

RETURN = r"""
tenant_id:
  description: The tenant's ID, also where a domain name was given.
  returned: success
  type: str
issuer:
  description: The issuer from the tenant's discovery document, as RustDesk's console needs it.
  returned: success
  type: str
authorization_endpoint:
  description: The authorization endpoint from the tenant's discovery document.
  returned: success
  type: str
token_endpoint:
  description: The token endpoint from the tenant's discovery document.
  returned: success
  type: str
discovery:
  description:
    - The discovery document, as far as a sign-in depends on it.
    - It is for O(deskops.rustdesk_sso.rustdesk_sign_in_check#module:discovery).
  returned: success
  type: dict
  version_added: 0.2.0
  contains:
    issuer:
      description: The issuer.
      type: str
    authorization_endpoint:
      description: The authorization endpoint.
      type: str
    token_endpoint:
      description: The token endpoint.
      type: str
    msgraph_host:
      description: The host of Microsoft Graph in the tenant's cloud.
      type: str
application:
  description:
    - The application as it is now; in check mode as it would be, with identifiers of zeros where there are none yet.
    - Each option that is a property of the application is a member of the same name.
  returned: success
  type: dict
  contains:
    object_id:
      description: The object ID.
      type: str
    app_id:
      description: The application (client) ID.
      type: str
    created:
      description: When it was created.
      type: str
    display_name:
      description: The display name.
      type: str
    unique_name:
      description: The unique name, if it has one.
      type: str
    sign_in_audience:
      description: The accounts that may sign in.
      type: str
    tags:
      description: The tags, sorted.
      type: list
      elements: str
    web_redirect_uris:
      description: The redirect URIs of platform C(Web), sorted; there are the other two platforms' as well.
      type: list
      elements: str
    id_token_issuance_enabled:
      description: Whether the authorization endpoint issues ID tokens.
      type: bool
    app_roles:
      description: The roles with their IDs, sorted by value; the same for C(permission_scopes).
      type: list
      elements: dict
    optional_claims:
      description: The claims of each kind of token.
      type: dict
    required_resource_access:
      description: The app ID of each resource with the IDs of its C(scopes) and C(app_roles).
      type: list
      elements: dict
    service_principal_lock:
      description: The lock, with the members of O(service_principal_lock).
      type: dict
applications:
  description:
    - The result for each entry of O(applications), in their order, with the keys below and those of one application.
    - Not called C(results), because Ansible takes a list of that name for the results of a loop, and shows each where
      the whole is censored.
  returned: with O(applications), instead of all others
  type: list
  elements: dict
  version_added: 0.2.0
  contains:
    declared:
      description: The entry's O(tenant_id), O(object_id), O(app_id), O(unique_name) and O(display_name).
      type: dict
    failed:
      description: Whether this application failed. Then C(msg) and C(error) say why, as for a task of its own.
      type: bool
adopted:
  description: Whether the application was made by somebody else and is taken over by this run.
  returned: when O(state=present)
  type: bool
restored:
  description: Whether the application was deleted and has been restored by this run.
  returned: when O(state=present)
  type: bool
purged:
  description: Whether the application is deleted for good by this run.
  returned: when O(state=absent)
  type: bool
service_principal:
  description: The service principal, if there is one, with the members of O(service_principal).
  returned: success
  type: dict
  contains:
    object_id:
      description: The object ID.
      type: str
    visible_to_users:
      description: Whether users see the application in their list of applications.
      type: bool
owners:
  description: The object IDs of the owners.
  returned: when O(owners) is declared
  type: list
  elements: str
certificates:
  description: All certificates, with C(thumbprint), C(name), C(key_id) and C(expires).
  returned: when O(certificates) is declared
  type: list
  elements: dict
federated_credentials:
  description: All federated credentials, with C(id) and the members of O(federated_credentials).
  returned: when O(federated_credentials) is declared
  type: list
  elements: dict
logo:
  description: The logo's C(sha256).
  returned: when O(logo) is declared
  type: dict
assignments:
  description: All assignments of users and groups, with C(id), C(principal_id) and C(app_role_id).
  returned: when O(assignments) is declared
  type: list
  elements: dict
admin_consent:
  description: All grants, with C(id), C(resource_id), and C(scopes) or C(app_role_id).
  returned: when O(admin_consent) is declared
  type: list
  elements: dict
client_secrets:
  description: What became of each declared client secret, in the order of O(client_secrets).
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: The holder.
      type: str
    decision:
      description: One of V(kept), V(created), V(renewed), V(removed) and V(absent).
      type: str
    reason:
      description: Why.
      type: str
    key_id:
      description: The key ID of the client secret that the holder has or shall have.
      type: str
    hint:
      description: The first three characters of its value.
      type: str
    expires:
      description: When it expires.
      type: str
    accepted:
      description: Whether the token endpoint has accepted it in this task; null where it was not asked.
      type: bool
    held:
      description:
        - The listed client secret that the holder's value was found to be, before this task changed anything.
        - Null if the holder has none, or one that is not among the application's client secrets.
      type: dict
      version_added: 0.2.0
      contains:
        key_id:
          description: The key ID.
          type: str
        hint:
          description: The first three characters of the value.
          type: str
        expires:
          description: When it expires.
          type: str
    superseded:
      description: Key IDs of earlier client secrets of this name that are still there.
      type: list
      elements: str
    removed:
      description: Key IDs of those that were removed.
      type: list
      elements: str
    secret_text:
      description: The value of the new client secret, to be given to the holder now; it can never be read again.
      returned: when RV(client_secrets[].decision) is V(created) or V(renewed)
      type: str
error:
  description: What failed, in parts; RV(ignore:msg) says the same in a sentence.
  returned: failure
  type: dict
"""

import asyncio
import typing as t
from functools import partial

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.application import (
    application,
    applications,
    registration,
)
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.graph import sdk
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.graph.session import Graph
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.sign_in.discovery import Discovery
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.sign_in.options import ENTRA_OPTIONS
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import SsoError
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._http import Http
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._run import Context, run_module

STRINGS: dict[str, t.Any] = {"type": "list", "elements": "str"}
STATE: dict[str, t.Any] = {"type": "str", "default": "present", "choices": ["present", "absent"]}
TEXT: dict[str, t.Any] = {"type": "str"}
SWITCH: dict[str, t.Any] = {"type": "bool"}
PUBLIC_SWITCH: dict[str, t.Any] = {"type": "bool", "no_log": False}
REQUIRED: dict[str, t.Any] = {"type": "str", "required": True}
MEMBERS: dict[str, t.Any] = {"type": "dict", "options": {"set": STRINGS, "add": STRINGS, "remove": STRINGS}}


def _records(no_log: bool | None = None, **options: t.Any) -> dict[str, t.Any]:
    spec: dict[str, t.Any] = {"type": "list", "elements": "dict", "options": options}
    return spec if no_log is None else {**spec, "no_log": no_log}


CLAIMS = _records(
    no_log=False,
    name=REQUIRED,
    source=TEXT,
    essential={"type": "bool", "default": False},
    additional_properties={**STRINGS, "default": []},
)
RESOURCES = _records(resource=REQUIRED, scopes=STRINGS, app_roles=STRINGS)
ASSIGNED = _records(user=TEXT, group=TEXT, app_role=TEXT)

APPLICATION: dict[str, t.Any] = {
    "object_id": TEXT,
    "app_id": TEXT,
    "unique_name": TEXT,
    "display_name": TEXT,
    "sign_in_audience": {
        "type": "str",
        "choices": [
            "AzureADMyOrg",
            "AzureADMultipleOrgs",
            "AzureADandPersonalMicrosoftAccount",
            "PersonalMicrosoftAccount",
        ],
    },
    "adopt": {"type": "bool", "default": False},
    "restore": {"type": "bool", "default": False},
    "description": TEXT,
    "notes": TEXT,
    "tags": STRINGS,
    "service_management_reference": TEXT,
    "requested_access_token_version": {"type": "int", "choices": [1, 2], "no_log": False},
    "web_redirect_uris": MEMBERS,
    "spa_redirect_uris": MEMBERS,
    "public_client_redirect_uris": MEMBERS,
    "fallback_public_client_enabled": SWITCH,
    "id_token_issuance_enabled": PUBLIC_SWITCH,
    "access_token_issuance_enabled": PUBLIC_SWITCH,
    "home_page_url": TEXT,
    "logout_url": TEXT,
    "marketing_url": TEXT,
    "privacy_statement_url": TEXT,
    "support_url": TEXT,
    "terms_of_service_url": TEXT,
    "logo": {"type": "path"},
    "group_membership_claims": {
        **STRINGS,
        "choices": ["All", "SecurityGroup", "DirectoryRole", "ApplicationGroup"],
    },
    "optional_claims": {"type": "dict", "options": {"id_token": CLAIMS, "access_token": CLAIMS}},
    "identifier_uris": STRINGS,
    "app_roles": _records(
        value=REQUIRED,
        display_name=REQUIRED,
        description=REQUIRED,
        allowed_member_types={**STRINGS, "choices": ["User", "Application"], "default": ["User"]},
        enabled={"type": "bool", "default": True},
        id=TEXT,
    ),
    "permission_scopes": _records(
        value=REQUIRED,
        type={"type": "str", "choices": ["User", "Admin"], "default": "User"},
        admin_consent_display_name=REQUIRED,
        admin_consent_description=REQUIRED,
        user_consent_display_name=TEXT,
        user_consent_description=TEXT,
        enabled={"type": "bool", "default": True},
        id=TEXT,
    ),
    "pre_authorized_applications": _records(app_id=REQUIRED, scopes={**STRINGS, "required": True}),
    "required_resource_access": RESOURCES,
    "admin_consent": RESOURCES,
    "owners": MEMBERS,
    "assignments": {"type": "dict", "options": {"set": ASSIGNED, "add": ASSIGNED, "remove": ASSIGNED}},
    "certificates": _records(path={"type": "path"}, content=TEXT, thumbprint=TEXT, name=TEXT, state=STATE),
    "federated_credentials": _records(
        name=REQUIRED, issuer=TEXT, subject=TEXT, audiences=STRINGS, description=TEXT, state=STATE
    ),
    "service_principal_lock": {
        "type": "dict",
        "options": {
            "enabled": SWITCH,
            "all_properties": SWITCH,
            "credentials_with_usage_sign": SWITCH,
            "credentials_with_usage_verify": SWITCH,
            "token_encryption_key_id": PUBLIC_SWITCH,
        },
    },
    "service_principal": {
        "type": "dict",
        "apply_defaults": True,
        "options": {
            "state": STATE,
            "account_enabled": SWITCH,
            "app_role_assignment_required": SWITCH,
            "visible_to_users": SWITCH,
            "notes": TEXT,
            "notification_email_addresses": STRINGS,
            "preferred_single_sign_on_mode": {
                "type": "str",
                "choices": ["oidc", "password", "saml", "notSupported", ""],
            },
        },
    },
    "client_secrets": _records(
        no_log=False,
        name=REQUIRED,
        held={"type": "str", "no_log": True},
        held_key_id={"type": "str", "no_log": False},
        lifetime={"type": "str", "default": "180d"},
        renew_before={"type": "str", "default": "30d"},
        overlap={"type": "str", "default": "1d"},
        state={**STATE, "choices": ["present", "absent", "renew", "retire"]},
    ),
    "verify_held": {"type": "str", "default": "always", "choices": ["always", "unlisted", "never"]},
    "retire_superseded": {"type": "bool", "default": True},
    "relying_party_client_id": TEXT,
    "wait_timeout": {"type": "float", "default": 300.0},
    "state": STATE,
    "create": {"type": "bool", "default": True},
    "purge": {"type": "bool", "default": False},
}
# Of an entry of applications, what it does not have of its own is the task's
OWN_SIGN_IN = {
    name: {key: value for key, value in rules.items() if key not in ("required", "default", "fallback")}
    for name, rules in ENTRA_OPTIONS.items()
}
DEFAULTED = ("default", "apply_defaults")
KEYS = application.KEYS

SPEC: dict[str, t.Any] = {
    "argument_spec": {
        **ENTRA_OPTIONS,
        "tenant_id": {**ENTRA_OPTIONS["tenant_id"], "required": False},
        **APPLICATION,
        applications.OPTION: {
            "type": "list",
            "elements": "dict",
            "options": {**OWN_SIGN_IN, **APPLICATION, "wait_timeout": {"type": "float"}},
            "required_one_of": [KEYS],
        },
    },
    "required_one_of": [(*KEYS, applications.OPTION)],
    "supports_check_mode": True,
}


def run(params: t.Mapping[str, t.Any], context: Context) -> dict[str, t.Any]:
    """The module's work for validated ``params``; gives the task's result, raises SsoError."""
    alone = [option for option in APPLICATION if SPEC["argument_spec"][option].keys().isdisjoint(DEFAULTED)]
    declared = applications.declarations(params, alone)
    sdk.require()
    outcomes = asyncio.run(applications.converge(declared, partial(_converge, context)))
    if params[applications.OPTION] is not None:
        return applications.result(declared, outcomes)
    (outcome,) = outcomes
    if isinstance(outcome, SsoError):
        raise outcome
    return outcome


def check(params: t.Mapping[str, t.Any]) -> None:
    """Raise InputError for a declaration of one application that cannot work; ``params`` need no sign-in."""
    registration.check(params, applications.wanted(params))


async def _converge(
    context: Context, graph: Graph, http: Http, discovery: Discovery, params: t.Mapping[str, t.Any]
) -> dict[str, t.Any]:
    """Lead one application to its declaration; gives its result."""
    wanted = applications.wanted(params)
    present = await registration.inspect(graph, http, discovery, params, wanted)
    todo = registration.plan(present, wanted, graph.now)
    diff = todo.diff()
    if present.application and present.adopted:
        context.warn(f"The application {application.label(present.application)} is taken over: it has no unique name")
    if context.check_mode:
        registration.predict(todo, graph.now)
    elif todo.changed:
        for warning in await registration.apply(graph, http, discovery, todo):
            context.warn(warning)
    return registration.report(todo, discovery, diff, check_mode=context.check_mode)


def main() -> None:
    run_module(AnsibleModule(**SPEC), run)


if __name__ == "__main__":
    main()
