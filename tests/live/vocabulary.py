# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The words that a sanitized record may show: those published by Microsoft, and those of the consoles' APIs."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from live import contract_consoles, contract_entra, published

RECORDED = published.RECORDED
HOSTS = frozenset(
    {
        "graph.microsoft.com",
        "graph.microsoft.us",
        "dod-graph.microsoft.us",
        "microsoftgraph.chinacloudapi.cn",
        "login.microsoftonline.com",
        "login.microsoftonline.us",
        "login.partner.microsoftonline.cn",
        "login.chinacloudapi.cn",
        "sts.windows.net",
        "aka.ms",
        "go.microsoft.com",
        "localhost",
    }
)
IDS = frozenset(
    {
        "00000000-0000-0000-0000-000000000000",
        "00000003-0000-0000-c000-000000000000",  # Microsoft Graph
        "9188040d-6c67-4c5b-b112-36a304b66dad",  # the tenant of personal accounts
    }
)
# The names of headers that are shown, and the values that are shown unchanged
HEADERS = frozenset(
    {
        "allow",
        "cache-control",
        "client-request-id",
        "content-type",
        "location",
        "odata-version",
        "request-id",
        "retry-after",
        "www-authenticate",
        "x-ms-resource-unit",
        "x-ratelimit-limit",
        "x-ratelimit-remaining",
        "x-ratelimit-reset",
    }
)
HEADER_VALUES = frozenset(
    {
        "application/json",
        "application/json; charset=utf-8",
        "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8",
        "application/x-www-form-urlencoded",
        "image/png",
        "image/gif",
        "no-cache",
        "no-store, no-cache",
        "no-store, must-revalidate, no-cache",
        "private",
        "text/html",
        "text/html; charset=utf-8",
        "text/plain; charset=utf-8",
        "4.0",
    }
)
# Of paths, of the consoles' documents and of HTTP
_WORDS = """
.default directoryObjects other options conflict pkce
common organizations consumers adminconsent oauth2 token authorize discovery keys openid-configuration .well-known
v1.0 v2.0 v2 api oidc auth auth-query callback login logout login-options users user admin oauth list create update
delete settings general sessions oidc-providers test toggle sort currentUser common-oidc heartbeat http https Bearer
applications servicePrincipals directory deletedItems graph.application graph.servicePrincipal
microsoft.graph.application microsoft.graph.servicePrincipal ownedObjects owners appRoleAssignedTo appRoleAssignments
oauth2PermissionGrants addPassword removePassword restore federatedIdentityCredentials logo appManagementPolicies
policies defaultAppManagementPolicy authorizationPolicy groups context nextLink bind editLink $batch $ref $filter
$select $top $count $orderby $expand $metadata $entity Prefer create-if-missing eq startswith passwordCredential appId
uniqueName displayName id keyId azure microsoft google github gitlab okta facebook apple custom webauth linuxdo
rustdesk pro AzureADMyOrg AzureADMultipleOrgs AzureADandPersonalMicrosoftAccount PersonalMicrosoftAccount Application
ServicePrincipal code message error details target innerError innererror date request-id client-request-id
error_description error_codes timestamp trace_id correlation_id error_uri suberror claims token_type expires_in
ext_expires_in access_token token_endpoint jwks_uri issuer authorization_endpoint userinfo_endpoint
device_authorization_endpoint end_session_endpoint response_types_supported scopes_supported subject_types_supported
response_modes_supported id_token_signing_alg_values_supported claims_supported token_endpoint_auth_methods_supported
tenant_region_scope cloud_instance_name cloud_graph_host_name msgraph_host rbac_url kerberos_endpoint
request_uri_parameter_supported http_logout_supported frontchannel_logout_supported client_credentials live grant_type
client_id client_secret scope responses requests status headers body method url value max_auth_count callback_url
trusted_origins trusted_audiences providers provider name type order_index enabled icon jwks_endpoint scopes guid
priority createdAt updatedAt clientId clientSecret authorizationEndpoint tokenEndpoint userinfoEndpoint jwksUri data
total current pageSize page page_size op oauth_type auto_register pkce_enable pkce_method created_at updated_at S256
plain success watermarkEnabled site backendUrl frontendUrl defaultLanguage webauthn statusCode username password
autoLogin platform linux browser client deviceInfo os uuid verificationCode tfaCode secret tfa_type email_check
tfa_check account is_admin info email note third_auth_type captcha captcha_id route_names nickname avatar apiDomain
code_challenge code_challenge_method redirect_uri response_type state nonce response_mode expires_at last_used
login_device_whitelist other enforce_tfa passkey_check display_name ops register need_captcha disable_pwd fragment
query applicationRestrictions servicePrincipalRestrictions passwordCredentials keyCredentials restrictionType
maxLifetime restrictForAppsCreatedAfterDateTime isEnabled restrictions defaultUserRolePermissions
permissionGrantPoliciesAssigned allowedToCreateApps allowedToCreateSecurityGroups allowInvitesFrom guestUserRoleId
blockMsolPowerShell excludeActors passwordAddition passwordLifetime customPasswordAddition symmetricKeyAddition
symmetricKeyLifetime asymmetricKeyLifetime identifierUris redirectUriSettings createdDateTime deletedDateTime true
false null none GET POST PUT PATCH DELETE Bad Request Unauthorized Forbidden Not Found Conflict Too Many Requests
Internal Server Error Allow a an and are as at be been but by can cannot could do does for from has have if in is it
its may must not of on or should that the their them then there these this to until up was were when which while will
with you your access accepted added address administrator already allowed another any application attempt
authenticated authentication authorized available because before belong characters check configuration contact
contains created credential credentials currently deleted denied disabled duplicate empty exceeded exceeds existing
exists expected expired failed field found given here identifier incorrect insufficient invalid later length lifetime
limit limited log maximum member minimum missing more new no object one only operation organization owner parameter
path permission please policy present privileges properties property provide provided read reference refused request
required resource retry same see server service session sign signed specified supported tenant than too try unable
unauthorized unexpected unknown unsupported valid wait wrong yet Mon Tue Wed Thu Fri Sat Sun Jan Feb Mar Apr May Jun
Jul Aug Sep Oct Nov Dec GMT
"""
# Words that could identify the user who recorded them
_NOT = frozenset({"azure-cli", "test", "contoso", "fabrikam", "example", "harness", "rustdesk-sso"})


@cache
def words() -> frozenset[str]:
    """All words, in lower case."""
    found = set(_WORDS.split())
    for name in ("graph-v1.0-schemas.json", "graph-openapi.json"):
        found |= set(_members(json.loads((RECORDED / name).read_text("utf-8"))))
    for service in (contract_entra.GRAPH, contract_entra.LOGIN, *contract_consoles.CONSOLES.values()):
        for case, expected in service.items():
            said = [case, expected.template, expected.kind, expected.says, *expected.members]
            found |= set(re.findall(r"[A-Za-z][A-Za-z0-9_]*", " ".join([*said, str(expected.code)])))
    errors = json.loads((RECORDED / "graph_errors.json").read_text("utf-8"))
    signs = json.loads((RECORDED / "sts_exchanges.json").read_text("utf-8"))
    for text in (*(f"{item.get('code')} {item.get('message')}" for item in errors), *_descriptions(signs)):
        found |= set(re.findall(r"[A-Za-z][A-Za-z_]+", text))
    return frozenset(word.lower() for word in found) - _NOT


def _members(node: Any) -> Iterator[str]:
    """Yield the names of members, and the values of enumerations, of a schema."""
    if isinstance(node, list):
        for item in node:
            yield from _members(item)
    elif isinstance(node, dict):
        properties = node.get("properties")
        if isinstance(properties, dict):
            yield from (name for name in properties if re.fullmatch(r"[A-Za-z0-9]+", name))
        if isinstance(node.get("enum"), list):
            yield from (value for value in node["enum"] if isinstance(value, str))
        for value in node.values():
            yield from _members(value)


def _descriptions(node: Any) -> Iterator[str]:
    """Yield the error codes and their descriptions of the token endpoint."""
    if isinstance(node, dict):
        yield from (str(node[name]) for name in ("error", "error_description") if name in node)
        for value in node.values():
            yield from _descriptions(value)
