#!/usr/bin/python
# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: entra_app
short_description: Manage an application registration in Microsoft Entra ID
version_added: 0.1.0
description:
  - Creates, updates or deletes an application registration with its service principal, and one client secret for each
    holder, such as a RustDesk console.
  - Omitted options are left unchanged. An empty list removes all entries.
  - Requires the Microsoft Graph application permission C(Application.ReadWrite.OwnedBy), or
    C(Application.ReadWrite.All) to manage applications that the automation does not own.
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
  tenant_id:
    description:
      - The Directory (tenant) ID of the tenant, or one of its domain names.
      - A domain name is resolved to the ID by OpenID Connect discovery.
      - If omitted, the environment variable E(AZURE_TENANT_ID) or E(AZURE_TENANT) is used. Required unless each entry
        of O(applications) sets its own.
    type: str
    required: false
  object_id: &object_id
    description: The application's object ID. The task fails if the application does not exist.
    type: str
  app_id: &app_id
    description: The application (client) ID. The task fails if the application does not exist.
    type: str
  unique_name: &unique_name
    description:
      - A name that identifies the application, regardless of its display name. It is unique in the tenant and not shown
        to users.
      - It is set on a new application, and on an application without a unique name that is found by another option. It
        cannot be changed later.
      - With a unique name, creation can be repeated safely if a response is lost.
    type: str
  display_name: &display_name
    description:
      - The name that users see when they sign in. A new name can have up to 120 characters, or 90 if personal accounts
        may sign in. An existing longer name is kept.
      - If O(object_id), O(app_id) and O(unique_name) are omitted, the application is found by this name. The task fails
        if several applications have it.
    type: str
  sign_in_audience: &sign_in_audience
    description:
      - The accounts that may sign in. If omitted, a new application is created with V(AzureADMyOrg).
      - With the two audiences that include personal Microsoft accounts, Entra allows only two client secrets.
    type: str
    choices: [AzureADMyOrg, AzureADMultipleOrgs, AzureADandPersonalMicrosoftAccount, PersonalMicrosoftAccount]
  adopt: &adopt
    description:
      - Whether to adopt an application that has O(display_name) and no unique name, if no application has
        O(unique_name).
      - If V(false), the task fails if such an application exists, so that no duplicate is created by mistake.
    type: bool
    default: false
  restore: &restore
    description:
      - Whether to restore an application that was deleted in the last 30 days, if no other application matches. Its
        client secrets and its service principal are also restored, so sign-in works again. A warning lists the restored
        client secrets that no entry of O(client_secrets) uses.
      - If omitted, the application is restored only if one of O(relying_parties) uses it, because all users would get
        new accounts with another client ID.
      - If it is not restored and O(object_id), O(app_id) or O(unique_name) identifies it, the task fails. Entra keeps
        the unique name of a deleted application until the application is purged.
      - Check mode cannot predict other restored objects, such as owners and assignments.
    type: bool
  description: &description
    description: The description that users see. An empty text clears it.
    type: str
  notes: &notes
    description: Notes for administrators. An empty text clears them.
    type: str
  enabled: &enabled
    description:
      - Whether the application is active. A deactivated application gets no new tokens, so users cannot sign in.
      - If users cannot sign in, RV(obstacles) contains the reason, even if this option is omitted.
    type: bool
    version_added: 0.2.0
  tags: &tags
    description: The complete list of tags; others are removed.
    type: list
    elements: str
  service_management_reference: &service_management_reference
    description: The application's entry in a service or asset management database. An empty text clears it.
    type: str
  requested_access_token_version: &requested_access_token_version
    description: The version of access tokens for the application's own API. Must be V(2) for personal accounts.
    type: int
    choices: [1, 2]
  web_redirect_uris: &web_redirect_uris
    description:
      - The redirect URIs of platform C(Web). For RustDesk, the callback URL of each server.
      - Entra allows a redirect URI on only one platform. To move it, remove it from the other platform's option in the
        same task.
    type: dict
    suboptions:
      set:
        description: The complete list of URIs; others are removed.
        type: list
        elements: str
      add:
        description: URIs to add.
        type: list
        elements: str
      remove:
        description: URIs to remove, in every spelling of the same address; others are kept.
        type: list
        elements: str
  spa_redirect_uris: &spa_redirect_uris
    description: The redirect URIs of platform C(Single-page application).
    type: dict
    suboptions:
      set:
        description: The complete list of URIs; others are removed.
        type: list
        elements: str
      add:
        description: URIs to add.
        type: list
        elements: str
      remove:
        description: URIs to remove, in every spelling of the same address; others are kept.
        type: list
        elements: str
  public_client_redirect_uris: &public_client_redirect_uris
    description: The redirect URIs of platform C(Mobile and desktop applications).
    type: dict
    suboptions:
      set:
        description: The complete list of URIs; others are removed.
        type: list
        elements: str
      add:
        description: URIs to add.
        type: list
        elements: str
      remove:
        description: URIs to remove, in every spelling of the same address; others are kept.
        type: list
        elements: str
  fallback_public_client_enabled: &fallback_public_client_enabled
    description: Whether Entra treats the application as a public client if it cannot determine the type.
    type: bool
  id_token_issuance_enabled: &id_token_issuance_enabled
    description:
      - Whether the authorization endpoint may issue ID tokens (implicit and hybrid flows), as RustDesk's guide
        requires.
      - If omitted, a new application is created with V(true).
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
    description: The privacy statement, shown on the consent page. An empty text clears it.
    type: str
  support_url: &support_url
    description: The support page. An empty text clears it.
    type: str
  terms_of_service_url: &terms_of_service_url
    description: The terms of service, shown on the consent page. An empty text clears it.
    type: str
  logo: &logo
    description:
      - The logo that users see when they sign in, a PNG, JPEG or GIF file on the host that runs the task.
      - A logo cannot be removed, only replaced.
    type: path
  group_membership_claims: &group_membership_claims
    description:
      - The types of groups whose object IDs are included in a user's tokens. An empty list includes none.
      - To include names instead of IDs, see O(optional_claims).
    type: list
    elements: str
    choices: [All, SecurityGroup, DirectoryRole, ApplicationGroup]
  optional_claims: &optional_claims
    description:
      - Additional claims in tokens. If a token type is omitted, its claims are left unchanged.
      - RustDesk's group mapping compares names. To use it, add V(groups) to O(optional_claims.id_token) with
        V(cloud_displayname) in C(additional_properties), and set O(group_membership_claims) to V(ApplicationGroup).
        Tokens then contain the names of groups that are assigned to the application (O(assignments)) and were created
        in Entra. For groups that are synchronized from an on-premises directory, use V(sam_account_name).
    type: dict
    suboptions:
      id_token:
        description: The complete list of additional claims in ID tokens; others are removed.
        type: list
        elements: dict
        suboptions:
          name:
            description: The claim, such as V(email), V(upn) or V(groups).
            type: str
            required: true
          source:
            description: V(user) for an extension property of the user. Omit it for predefined claims.
            type: str
          essential:
            description: Whether the claim is essential to the client.
            type: bool
            default: false
          additional_properties:
            description: Additional properties of the claim, such as V(cloud_displayname) for V(groups).
            type: list
            elements: str
            default: []
      access_token:
        description: The complete list of additional claims in access tokens; others are removed.
        type: list
        elements: dict
        suboptions:
          name:
            description: The claim, such as V(email), V(upn) or V(groups).
            type: str
            required: true
          source:
            description: V(user) for an extension property of the user. Omit it for predefined claims.
            type: str
          essential:
            description: Whether the claim is essential to the client.
            type: bool
            default: false
          additional_properties:
            description: Additional properties of the claim, such as V(cloud_displayname) for V(groups).
            type: list
            elements: str
            default: []
  remove_unverified_email_claim: &remove_unverified_email_claim
    description:
      - Whether to omit the C(email) claim from tokens if the domain of the address is not verified in the tenant.
      - An address of an unverified domain may belong to another person. Set this to V(true) if a console identifies
        users by e-mail address.
      - If this was never set, Entra decides for each application.
    type: bool
    version_added: 0.2.0
  identifier_uris: &identifier_uris
    description:
      - The complete list of identifiers of the application's own API; others are removed. C({app_id}) is replaced with
        the app ID, as in V(api://{app_id}).
      - Entra accepts V(api://{app_id}), C(api://<tenant ID>/<name>), C(api://<name>/{app_id}), and https URIs whose
        host is a verified domain of the tenant or a subdomain of one. No other application of the tenant may have the
        same identifier, even in a different case.
    type: list
    elements: str
  app_roles: &app_roles
    description:
      - The complete list of roles; others are removed. An enabled role is disabled before it is removed or changed, as
        Entra requires.
      - A role keeps its ID as long as its O(app_roles[].value) does not change.
    type: list
    elements: dict
    suboptions:
      value:
        description: The value in the C(roles) claim of tokens.
        type: str
        required: true
      display_name:
        description: The name that administrators see.
        type: str
        required: true
      description:
        description: The description of the role.
        type: str
        required: true
      allowed_member_types:
        description: The types of members that can have the role.
        type: list
        elements: str
        choices: [User, Application]
        default: [User]
      enabled:
        description: Whether the role is enabled.
        type: bool
        default: true
      id:
        description: The ID. If omitted, an existing role keeps its ID; a new one gets an ID derived from the value.
        type: str
  permission_scopes: &permission_scopes
    description:
      - The complete list of delegated permissions of the application's own API (exposed scopes); others are removed.
      - An enabled scope is disabled before it is removed or changed, as Entra requires.
    type: list
    elements: dict
    suboptions:
      value:
        description: The value in the C(scp) claim of tokens.
        type: str
        required: true
      type:
        description: Whether users can consent, or only administrators.
        type: str
        choices: [User, Admin]
        default: User
      admin_consent_display_name:
        description: The name that administrators see when they consent.
        type: str
        required: true
      admin_consent_description:
        description: The description that administrators see when they consent.
        type: str
        required: true
      user_consent_display_name:
        description: The name that users see when they consent.
        type: str
      user_consent_description:
        description: The description that users see when they consent.
        type: str
      enabled:
        description: Whether the scope is enabled.
        type: bool
        default: true
      id:
        description: The ID. If omitted, an existing scope keeps its ID; a new one gets an ID derived from the value.
        type: str
  pre_authorized_applications: &pre_authorized_applications
    description:
      - The complete list of client applications that can use scopes of O(permission_scopes) without consent; others are
        removed.
    type: list
    elements: dict
    suboptions:
      app_id:
        description: The client's application ID.
        type: str
        required: true
      scopes:
        description: The scopes, by value or ID.
        type: list
        elements: str
        required: true
  required_resource_access: &required_resource_access
    description:
      - The complete list of requested permissions for other resources, as under C(API permissions) in the portal;
        others are removed.
      - Requesting a permission does not grant it, see O(admin_consent). Sign-in to RustDesk needs no permissions here;
        C(openid), C(profile) and C(email) are requested during sign-in.
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
      - Permissions to grant for all users (delegated permissions) and for the application itself (application
        permissions).
      - The lists of each resource are complete; others are revoked. Omitted lists and other resources are left
        unchanged.
      - For sign-in to RustDesk, users consent to C(openid), C(profile) and C(email) of V(Microsoft Graph) when they
        first sign in. If O(service_principal.app_role_assignment_required) is true, or if the tenant does not allow
        users to consent, an administrator has to consent to these three for all users.
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
      - The owners of the application. Specify users by user principal name or object ID, service principals by object
        ID.
      - O(owners.set) keeps the automation itself as an owner, so that it does not lose access. To remove it, use
        O(owners.remove).
    type: dict
    suboptions: &lists_of_owners
      set:
        description: The complete list of owners; others are removed.
        type: list
        elements: str
      add:
        description: Owners to add.
        type: list
        elements: str
      remove:
        description: Owners to remove; others are kept.
        type: list
        elements: str
  assignments: &assignments
    description:
      - The users and groups that are assigned to the application. If
        O(service_principal.app_role_assignment_required) is true, only they can sign in.
      - Roles that are granted to other applications are left unchanged.
    type: dict
    suboptions:
      set:
        description: The complete list of assignments; others are removed.
        type: list
        elements: dict
        suboptions:
          user:
            description: A user, by user principal name or object ID.
            type: str
          group:
            description: A group, by display name or object ID. Names require C(GroupMember.Read.All).
            type: str
          app_role:
            description:
              - The role of O(app_roles), by value or ID. If omitted, the default access without a role.
            type: str
      add:
        description: Assignments to add.
        type: list
        elements: dict
        suboptions:
          user:
            description: A user, by user principal name or object ID.
            type: str
          group:
            description: A group, by display name or object ID. Names require C(GroupMember.Read.All).
            type: str
          app_role:
            description:
              - The role of O(app_roles), by value or ID. If omitted, the default access without a role.
            type: str
      remove:
        description:
          - Assignments to remove; others are kept. If O(assignments.remove[].app_role) is omitted, all assignments of
            the user or group are removed.
        type: list
        elements: dict
        suboptions:
          user:
            description: A user, by user principal name or object ID.
            type: str
          group:
            description: A group, by display name or object ID. Names require C(GroupMember.Read.All).
            type: str
          app_role:
            description:
              - The role of O(app_roles), by value or ID. If omitted, the default access without a role.
            type: str
  certificates: &certificates
    description:
      - Certificates that the application can authenticate with. Others are left unchanged.
      - RustDesk authenticates with a client secret. Certificates are for other uses of the application.
    type: list
    elements: dict
    suboptions:
      path:
        description: A PEM file with the certificate, on the host that runs the task. Private keys are not sent.
        type: path
      content:
        description: The certificate in PEM format.
        type: str
      thumbprint:
        description: The SHA-1 thumbprint of a certificate to remove.
        type: str
      name:
        description:
          - The display name of a new certificate, at most 90 characters. If omitted, it is derived from the thumbprint.
        type: str
      state:
        description: Whether the certificate should be present or absent.
        type: str
        default: present
        choices: [present, absent]
  federated_credentials: &federated_credentials
    description:
      - Tokens of other identity providers that the application can authenticate with. Other federated credentials are
        left unchanged.
    type: list
    elements: dict
    suboptions:
      name:
        description: The name. It cannot be changed.
        type: str
        required: true
      issuer:
        description: The issuer of the tokens. Required unless O(federated_credentials[].state=absent).
        type: str
      subject:
        description: The subject of the tokens. Required unless O(federated_credentials[].state=absent).
        type: str
      audiences:
        description: The single audience of the tokens. A new credential uses V(api://AzureADTokenExchange) by default.
        type: list
        elements: str
      description:
        description: A description. An empty text clears it.
        type: str
      state:
        description: Whether the federated credential should be present or absent.
        type: str
        default: present
        choices: [present, absent]
  service_principal_lock: &service_principal_lock
    description: The properties of service principals in other tenants that administrators there cannot change.
    type: dict
    suboptions:
      enabled:
        description: Whether the lock is enabled.
        type: bool
      all_properties:
        description: Whether to lock all properties that can be locked.
        type: bool
      credentials_with_usage_sign:
        description: Whether to lock credentials for signing.
        type: bool
      credentials_with_usage_verify:
        description: Whether to lock credentials for verification, which the application authenticates with.
        type: bool
      token_encryption_key_id:
        description: Whether to lock the key that encrypts tokens.
        type: bool
  service_principal: &service_principal
    description: The application's service principal in this tenant. Users can only sign in if it is present.
    type: dict
    suboptions:
      state:
        description: Whether the service principal should be present or absent.
        type: str
        default: present
        choices: [present, absent]
      account_enabled:
        description: Whether users can sign in to the application.
        type: bool
      app_role_assignment_required:
        description:
          - Whether only assigned users and groups can sign in, see O(assignments).
          - If true, users cannot consent themselves, see O(admin_consent).
        type: bool
      visible_to_users:
        description:
          - Whether users see the application in their list of applications. An application with the tag V(HideApp) in
            O(tags) is hidden.
        type: bool
      notes:
        description: Notes for administrators. An empty text clears them.
        type: str
      notification_email_addresses:
        description:
          - The complete list of addresses to which Entra sends notifications about expiring certificates; others are
            removed.
        type: list
        elements: str
      owners:
        description:
          - The owners of the service principal, in the format of O(owners). If the task creates the service principal,
            the automation is its first owner.
        type: dict
        version_added: 0.2.0
        suboptions: *lists_of_owners
      preferred_single_sign_on_mode:
        description: The single sign-on mode that the portal shows. An empty text clears it.
        type: str
        choices: [oidc, password, saml, notSupported, '']
  client_secrets: &client_secrets
    description:
      - One entry for each holder of a client secret. All client secrets with the display name O(client_secrets[].name)
        belong to that entry; others are left unchanged.
      - A client secret is created if the holder has none that Entra accepts, or if the current one expires soon. The
        task waits until Entra accepts the new one. The current one keeps working until O(retire_superseded) removes it.
        Earlier ones are removed first, if it is known which one the holder uses.
      - If the task fails after that, the new client secret is removed again. If this is not possible, the error names
        it.
    type: list
    elements: dict
    suboptions:
      name:
        description: The holder, which is the display name of the client secret.
        type: str
        required: true
      held:
        description:
          - The value that the holder uses now. Omit it or leave it empty if the holder has none or it cannot be read.
          - If both this and O(client_secrets[].held_key_id) are omitted or empty, each run creates another client
            secret, because existing values cannot be read from Entra. The task warns if one exists that has not
            expired, unless O(client_secrets[].holds_none) is true.
          - A value of fewer than 16 characters counts as none, because client secrets of Entra are longer.
        type: str
      held_key_id:
        description: The key ID of the client secret that the holder uses now, if the value is unknown.
        type: str
      holds_none:
        description:
          - Whether the holder is known to have no client secret of this application. Client secrets that were created
            for it but never reached it are then removed. If V(false), an empty O(client_secrets[].held) means that the
            holder's client secret is unknown, and all that have not expired are kept.
        type: bool
        default: false
        version_added: 0.2.0
      stray_key_ids:
        description:
          - With O(client_secrets[].state=retire), the key IDs of client secrets with this name that never reached the
            holder. They are removed without waiting for O(client_secrets[].overlap), unless O(client_secrets[].held)
            may be one of them.
        type: list
        elements: str
        version_added: 0.2.0
      lifetime:
        description: The lifetime of a new client secret, such as V(180d) or V(36h). At least V(1h).
        type: str
        default: 180d
      renew_before:
        description: How long before expiry the client secret is renewed.
        type: str
        default: 30d
      overlap:
        description: How long a superseded client secret keeps working after its successor is created.
        type: str
        default: 1d
      other_holders:
        description:
          - The names of other known holders. If O(client_secrets[].held) is the client secret of one of them, for
            example because a console was restored from another server's backup, a new one is created. Otherwise,
            sign-in would stop working when the other holder's client secret is renewed and removed.
        type: list
        elements: str
        version_added: 0.2.0
      held_names:
        description:
          - With O(client_secrets[].state=absent), patterns of display names, such as V(rustdesk-sso *). The client
            secret that the holder uses is also removed if its name matches one of them, for example a former name of
            the holder, and is not in O(client_secrets[].other_holders).
          - If omitted, or if O(client_secrets[].held) matches several client secrets, only those with the name of the
            entry are removed.
        type: list
        elements: str
        version_added: 0.2.0
      state:
        description:
          - If set to V(absent), all client secrets with this name are removed.
          - If set to V(renew), each run creates a new one, even if the current one does not expire soon.
          - If set to V(retire), none is created. Superseded ones are removed if the current one exists in Entra.
        type: str
        default: present
        choices: [present, absent, renew, retire]
  verify_held: &verify_held
    description:
      - Whether to verify each O(client_secrets[].held) with a request to Entra's token endpoint. Otherwise, the value
        is matched to the application's client secrets by its first three characters.
      - If set to V(unlisted), the value is verified only if it matches no client secret that has not expired.
    type: str
    default: always
    choices: [always, unlisted, never]
  retire_superseded: &retire_superseded
    description:
      - Whether to remove superseded client secrets after the holder has a new one and the overlap has elapsed.
    type: bool
    default: true
  relying_parties: &relying_parties
    description:
      - The current configuration of the relying parties, such as RustDesk consoles, that use or should use the
        application.
      - Entra identifies a user differently to each application. With another client ID or tenant, all users of a
        relying party would get new accounts. Such a relying party is refused. Its redirect URIs and its client secret
        are not added, and RV(relying_parties[].refused) contains the reason. If all are refused, nothing is changed.
      - A deleted application that one of them uses is restored, see O(restore).
    type: list
    elements: dict
    version_added: 0.2.0
    suboptions:
      name:
        description: The holder's name, as in O(client_secrets[].name).
        type: str
        required: true
      client_id:
        description:
          - The current client ID. A value that is not a UUID counts as a placeholder, unless
            O(relying_parties[].issuer) belongs to another identity provider.
        type: str
      issuer:
        description: The current issuer.
        type: str
      enabled:
        description: Whether users can currently sign in with it.
        type: bool
        default: true
      web_redirect_uris:
        description: The redirect URIs in O(web_redirect_uris) that belong to it.
        type: list
        elements: str
      replaces:
        description: The client IDs that may be replaced, even though users then get new accounts.
        type: list
        elements: str
      other_providers:
        description:
          - The other providers that its users can sign in with. If O(relying_parties[].client_id) is omitted and one of
            them belongs to the same tenant or application, the relying party is refused.
        type: list
        elements: dict
        suboptions:
          name:
            description: The name of the provider.
            type: str
            required: true
          client_id:
            description: Its client ID.
            type: str
          issuer:
            description: Its issuer.
            type: str
  wait_timeout:
    description:
      - How long to wait for Entra to replicate a change, in seconds. Replication usually takes 4 to 18 seconds.
      - If Microsoft Graph or the login endpoint throttles a request, this is also the longest total wait before it is
        repeated. A single wait takes at most 60 seconds, whatever the service requests.
    type: float
    default: 300
  state: &state
    description:
      - If set to V(absent), the application and its service principal are deleted. Entra keeps a deleted application
        for 30 days, see O(restore) and O(purge).
      - Identify the application by O(unique_name), O(app_id), O(object_id) or, if it is unique, O(display_name).
    type: str
    default: present
    choices: [present, absent]
  purge: &purge
    description:
      - Whether O(state=absent) deletes the application permanently, even if it was deleted in the last 30 days.
    type: bool
    default: false
  create: &create
    description:
      - Whether to create the application if it does not exist.
      - If V(false) and the application does not exist, nothing is changed, and RV(application) is null.
    type: bool
    default: true
    version_added: 0.2.0
  applications:
    description:
      - Several applications, instead of the options of a single one. They are processed in parallel, which takes a
        fraction of the time and requests of separate tasks.
      - If one fails, the others are still processed. The task then fails, and RV(applications) contains all results,
        including new client secrets.
      - An entry can have its own authentication options, for example for a different tenant. Otherwise, those of the
        task apply. If authentication fails, only the entries that use it fail.
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
      enabled: *enabled
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
      remove_unverified_email_claim: *remove_unverified_email_claim
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
      relying_parties: *relying_parties
      state: *state
      purge: *purge
      create: *create
      wait_timeout:
        description: O(wait_timeout) of this entry.
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
  - A result with a new client secret is automatically censored in all output, so C(no_log) is not needed.
"""

EXAMPLES = r"""
# The complete flow: a second run changes nothing
- name: Configure sign-in to a server
  module_defaults:
    group/deskops.rustdesk_sso.entra:
      tenant_id: example.com
      client_id: "{{ automation_client_id }}"
      client_secret: "{{ automation_client_secret }}"
    group/deskops.rustdesk_sso.rustdesk:
      console_url: https://desk1.example.com
      username: admin
      password: "{{ console_password }}"
  vars:
    held: "{{ console.providers | map(attribute='client_secret') | first | default('', true) }}"
  block:
    - name: Read the provider, including the console's client secret
      deskops.rustdesk_sso.rustdesk_oidc_provider_info:
        name: azure
        include_secrets: true
      register: console

    - name: Register the application, and create a client secret if the console has none that Entra accepts
      deskops.rustdesk_sso.entra_app:
        unique_name: rustdesk-sso
        display_name: RustDesk
        web_redirect_uris:
          add:
            - https://desk1.example.com/api/oidc/callback
        client_secrets:
          - name: desk1.example.com
            held: "{{ held }}"
      register: registration

    - name: Write the provider to the console
      deskops.rustdesk_sso.rustdesk_oidc_provider:
        name: azure
        enabled: true
        client_id: "{{ registration.application.app_id }}"
        client_secret: "{{ registration.client_secrets[0].secret_text | default(held) }}"
        issuer: "{{ registration.issuer }}"
        callback_url: https://desk1.example.com/api/oidc/callback

    - name: Verify that users can sign in
      deskops.rustdesk_sso.rustdesk_sign_in_check:
        public_url: https://desk1.example.com
        name: azure
        issuer: "{{ registration.issuer }}"
        client_id: "{{ registration.application.app_id }}"
        callback_url: https://desk1.example.com/api/oidc/callback
        client_secret: "{{ registration.client_secrets[0].secret_text | default(held) }}"
        registered_redirect_uris: "{{ registration.application.web_redirect_uris }}"
      when: not ansible_check_mode

# Without credentials, these examples use the environment variables AZURE_CLIENT_ID and AZURE_CLIENT_SECRET
- name: Allow only the members of a group to sign in
  deskops.rustdesk_sso.entra_app:
    tenant_id: example.com
    unique_name: rustdesk-sso
    service_principal:
      app_role_assignment_required: true
    assignments:
      set:
        - group: RustDesk users
    admin_consent:
      - resource: Microsoft Graph
        scopes: [openid, profile, email]

- name: Remove the redirect URI and client secret of a server
  deskops.rustdesk_sso.entra_app:
    tenant_id: example.com
    unique_name: rustdesk-sso
    web_redirect_uris:
      remove:
        - https://desk1.example.com/api/oidc/callback
    client_secrets:
      - name: desk1.example.com
        state: absent

- name: Register several applications in one task
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
  description: The tenant's ID, even if O(tenant_id) is a domain name.
  returned: success
  type: str
issuer:
  description: The issuer from the tenant's discovery document, for the provider in the RustDesk console.
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
    - The parts of the discovery document that sign-in depends on, for
      O(deskops.rustdesk_sso.rustdesk_sign_in_check#module:discovery).
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
    - The application after the task. In check mode, it is predicted, and unknown IDs consist of zeros.
    - All properties that the module manages are returned under the names of their options.
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
    enabled:
      description: Whether it is active.
      type: bool
    disabled_by_microsoft_status:
      description: Whether Microsoft has disabled it, as Graph returns it.
      type: str
    sign_in_audience:
      description: The accounts that may sign in.
      type: str
    tags:
      description: The tags, sorted.
      type: list
      elements: str
    web_redirect_uris:
      description: The redirect URIs of platform C(Web), sorted. The other two platforms have their own keys.
      type: list
      elements: str
    id_token_issuance_enabled:
      description: Whether the authorization endpoint issues ID tokens.
      type: bool
    app_roles:
      description: The roles with their IDs, sorted by value. C(permission_scopes) has the same format.
      type: list
      elements: dict
    optional_claims:
      description: The additional claims of each token type.
      type: dict
    remove_unverified_email_claim:
      description: Whether tokens omit an e-mail address of an unverified domain. Null if it was never set.
      type: bool
    required_resource_access:
      description: The app ID of each resource with the IDs of its C(scopes) and C(app_roles).
      type: list
      elements: dict
    service_principal_lock:
      description: The lock, with the members of O(service_principal_lock).
      type: dict
applications:
  description:
    - The result of each entry of O(applications), in the same order, with the keys below and those of a single
      application.
  returned: with O(applications), instead of all other keys
  type: list
  elements: dict
  version_added: 0.2.0
  contains:
    declared:
      description: The entry's O(tenant_id), O(object_id), O(app_id), O(unique_name) and O(display_name).
      type: dict
    failed:
      description: Whether this application failed. C(msg) and C(error) contain the reason.
      type: bool
adopted:
  description: Whether this run adopted the application.
  returned: when O(state=present)
  type: bool
restored:
  description: Whether this run restored the application.
  returned: when O(state=present)
  type: bool
purged:
  description: Whether this run deleted the application permanently.
  returned: when O(state=absent)
  type: bool
service_principal:
  description: The service principal with the members of O(service_principal). Null if it does not exist.
  returned: success
  type: dict
  contains:
    object_id:
      description: The object ID.
      type: str
    visible_to_users:
      description: Whether users see the application in their list of applications.
      type: bool
    deactivated:
      description: Whether it is deactivated with its application.
      type: bool
    disabled_by_microsoft_status:
      description: Whether Microsoft has disabled it, as Graph returns it.
      type: str
    owners:
      description: The object IDs of its owners.
      returned: when O(service_principal.owners) is declared
      type: list
      elements: str
obstacles:
  description:
    - The reasons why no user can sign in although the application exists, such as a deactivated application or a
      disabled service principal. Each contains the next step and is also shown as a warning.
  returned: when O(state=present)
  type: list
  elements: str
  version_added: 0.2.0
change_refused:
  description:
    - In check mode, the reason why Microsoft Graph would refuse the change, with the missing permission or the command
      that makes the signed-in account an owner of the application. Empty if the change is allowed, or if this is
      unknown.
  returned: success
  type: str
  version_added: 0.2.0
restrictions:
  description:
    - The reasons why some or all users cannot sign in although every technical check passes. Each is also shown as a
      warning.
    - V(assignment) means that assignment is required and no user or group is assigned (AADSTS50105). V(consent) means
      that users cannot consent to C(openid), C(profile) and C(email) themselves and no administrator has consented for
      them (AADSTS90094, AADSTS65001). V(sign_in_audience) means that the application admits users of other tenants, but
      the issuer of this tenant refuses them (AADSTS50020).
    - Consent is known only if the automation has C(Directory.Read.All) or C(DelegatedPermissionGrant.ReadWrite.All), or
      if O(admin_consent) is declared. Reading the tenant's consent policy also needs C(Policy.Read.All), and happens
      only in check mode or if something changes. Unknown restrictions are omitted. In check mode, assignments and
      consent of an application that would be restored are unknown.
  returned: when O(state=present)
  type: list
  elements: dict
  version_added: 0.2.0
  contains:
    name:
      description: V(assignment), V(consent) or V(sign_in_audience).
      type: str
    detail:
      description: The effect on users.
      type: str
    hint:
      description: The next step.
      type: str
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
  description:
    - All assignments of users and groups, with C(id), C(principal_id), C(name), C(type) and C(app_role_id).
    - In check mode, C(name) is null for a new assignment that is declared by an object ID.
  returned: when O(assignments) is declared
  type: list
  elements: dict
admin_consent:
  description: All grants, with C(id), C(resource_id), and C(scopes) or C(app_role_id).
  returned: when O(admin_consent) is declared
  type: list
  elements: dict
relying_parties:
  description: The result of each entry of O(relying_parties), in the same order.
  returned: when O(relying_parties) is declared
  type: list
  elements: dict
  version_added: 0.2.0
  contains:
    name:
      description: The holder's name.
      type: str
    refused:
      description: Why it cannot use the application, and the next step. Empty if it can.
      type: str
client_secrets:
  description: The result of each entry of O(client_secrets), in the same order.
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
      description: The reason for the decision.
      type: str
    key_id:
      description: The key ID of the client secret that the holder uses or should get.
      type: str
    hint:
      description: The first three characters of its value.
      type: str
    expires:
      description: The expiry date.
      type: str
    accepted:
      description: Whether the token endpoint accepted it in this task. Null if it was not verified.
      type: bool
    held:
      description:
        - The client secret that the holder used before this task.
        - Null if the holder had none, or one that does not belong to this application.
      type: dict
      version_added: 0.2.0
      contains:
        name:
          description: Its display name.
          type: str
        key_id:
          description: The key ID.
          type: str
        hint:
          description: The first three characters of the value.
          type: str
        expires:
          description: The expiry date.
          type: str
    superseded:
      description: The key IDs of superseded client secrets that still exist.
      type: list
      elements: str
    strays:
      description:
        - The key IDs in RV(client_secrets[].superseded) of client secrets that never reached the holder, because the
          run that created them failed or is still active.
      type: list
      elements: str
      version_added: 0.2.0
    removed:
      description: The key IDs of the client secrets that were removed.
      type: list
      elements: str
    secret_text:
      description: The value of the new client secret. Pass it to the holder in the same run; it cannot be read again.
      returned: when RV(client_secrets[].decision) is V(created) or V(renewed)
      type: str
other_client_secrets:
  description: Client secrets that have not expired and belong to no entry of O(client_secrets), by expiry date.
  returned: when O(state=present)
  type: list
  elements: dict
  version_added: 0.2.0
  contains:
    name:
      description: The display name.
      type: str
    key_id:
      description: The key ID.
      type: str
    hint:
      description: The first three characters of its value.
      type: str
    expires:
      description: The expiry date.
      type: str
error:
  description: The parts of the error message RV(ignore:msg).
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
    identity,
    inspection,
    ownership,
    registration,
    restriction_facts,
    restrictions,
)
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.graph import sdk
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.graph.session import Graph
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.sign_in.discovery import Discovery
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.sign_in.options import ENTRA_OPTIONS
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import SsoError, sentences
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
    "restore": {"type": "bool"},
    "description": TEXT,
    "notes": TEXT,
    "tags": STRINGS,
    "service_management_reference": TEXT,
    "enabled": SWITCH,
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
    "remove_unverified_email_claim": SWITCH,
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
            "owners": MEMBERS,
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
        holds_none={"type": "bool", "default": False},
        stray_key_ids={**STRINGS, "no_log": False},
        lifetime={"type": "str", "default": "180d"},
        renew_before={"type": "str", "default": "30d"},
        overlap={"type": "str", "default": "1d"},
        other_holders=STRINGS,
        held_names=STRINGS,
        state={**STATE, "choices": ["present", "absent", "renew", "retire"]},
    ),
    "verify_held": {"type": "str", "default": "always", "choices": ["always", "unlisted", "never"]},
    "retire_superseded": {"type": "bool", "default": True},
    "relying_parties": _records(
        name=REQUIRED,
        client_id=TEXT,
        issuer=TEXT,
        enabled={"type": "bool", "default": True},
        web_redirect_uris=STRINGS,
        replaces=STRINGS,
        other_providers=_records(name=REQUIRED, client_id=TEXT, issuer=TEXT),
    ),
    "wait_timeout": {"type": "float", "default": 300.0},
    "state": STATE,
    "create": {"type": "bool", "default": True},
    "purge": {"type": "bool", "default": False},
}
# The sign-in options of an entry of applications; omitted ones are taken from the task
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
    """Run the module with validated ``params`` and return the task's result; raise SsoError."""
    alone = [option for option in APPLICATION if SPEC["argument_spec"][option].keys().isdisjoint(DEFAULTED)]
    declared = applications.declarations(params, alone)
    sdk.require()
    outcomes = asyncio.run(applications.converge(declared, partial(_converge, context), APPLICATION, context.notify))
    if params[applications.OPTION] is not None:
        return applications.result(declared, outcomes)
    (outcome,) = outcomes
    if isinstance(outcome, SsoError):
        raise outcome
    return outcome


async def _converge(
    context: Context, graph: Graph, http: Http, discovery: Discovery, params: t.Mapping[str, t.Any]
) -> dict[str, t.Any]:
    """Converge one application to its declaration and return its result."""
    wanted = applications.wanted(params)
    present = await inspection.inspect(graph, http, discovery, params, wanted)
    refused = await identity.refusals(graph, http, discovery, params, present.application)
    if refused:
        present = registration.without(present, refused)
        wanted = [item for item in wanted if item.name not in refused]
    todo = registration.plan(present, wanted, graph.now)
    diff = todo.diff()
    be = "would be" if context.check_mode else "is"
    if present.application and present.adopted:
        context.warn(f"The application {application.label(present.application)} {be} adopted: it has no unique name")
    revived = [f"{item.name} ({item.describe()})" for item in registration.revived(todo) if item.live(graph.now)]
    if revived:
        context.warn(
            f"With the application {application.label(present.application or {})}, each client secret {be} restored, "
            f"including those that no declared holder uses: {', '.join(revived)}. Remove those that are not needed."
        )
    for warning in registration.repeated(todo.decisions, graph.now):
        context.warn(warning)
    if context.check_mode:
        registration.predict(todo, graph.now)
    elif todo.changed:
        for warning in await registration.apply(graph, http, discovery, todo):
            context.warn(warning)
    try:
        return await _report(context, graph, todo, diff, discovery, refused)
    except BaseException as error:
        if context.check_mode:
            raise
        reported = await registration.take_back(graph, http, discovery, todo, error)
        if reported is error:
            raise
        raise reported from error


async def _report(
    context: Context,
    graph: Graph,
    todo: registration.Plan,
    diff: dict[str, t.Any],
    discovery: Discovery,
    refused: t.Mapping[str, str],
) -> dict[str, t.Any]:
    """Return the result of ``todo``, including restrictions of sign-in."""
    params = todo.present.params
    result = registration.report(todo, discovery, diff, graph.now, check_mode=context.check_mode)
    result["change_refused"] = await _change_refused(context, graph, todo)
    if result["change_refused"]:
        context.warn(result["change_refused"])
    for obstacle in result.get("obstacles") or []:
        context.warn(obstacle)
    if result.get("application"):
        facts = await restriction_facts.read(graph, todo, result, check_mode=context.check_mode)
        found = restrictions.restrictions(facts)
        name = result["application"]["display_name"]
        for item in found:
            context.warn(sentences(f"Not all users can sign in with the application {name}: {item.detail}", item.hint))
        result["restrictions"] = [item.result() for item in found]
    if params["relying_parties"] is not None:
        result["relying_parties"] = [
            {"name": party["name"], "refused": refused.get(party["name"], "")} for party in params["relying_parties"]
        ]
    return result


async def _change_refused(context: Context, graph: Graph, todo: registration.Plan) -> str:
    """Return why Graph would refuse the predicted change; empty if it would not.

    An application to adopt is checked even if nothing changes yet.
    """
    found, adopts = todo.present.application, todo.present.params["adopt"]
    if not context.check_mode or not found or todo.present.deleted or not (todo.changed or adopts):
        return ""
    return await ownership.read(graph, application.view(found))


def main() -> None:
    run_module(AnsibleModule(**SPEC), run)


if __name__ == "__main__":
    main()
