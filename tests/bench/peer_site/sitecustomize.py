# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""For azure.azcollection's processes only: points the libraries of its modules to the lab, by BENCH_GRAPH_URL.

The modules take the authority from their options, but the address of Graph from a list of clouds. The libraries are
changed after they are imported; the order and the way of imports stay the same.
"""

import os
import sys
from importlib.machinery import PathFinder

URL = os.environ.get("BENCH_GRAPH_URL")


def address(module):
    """The address of Graph."""

    def set_base_url(_self, request):
        request.path_parameters["baseurl"] = f"{URL}/v1.0"

    module.HttpxRequestAdapter.set_base_url_for_request_information = set_base_url


def scope(module):
    """The audience of a token: the library derives it from the address without its port."""
    module.AzureIdentityAccessTokenProvider._resolve_scopes = lambda _self, _address, _span: [f"{URL}/.default"]


CHANGED = {
    "kiota_http.httpx_request_adapter": address,
    "kiota_authentication_azure.azure_identity_access_token_provider": scope,
}


class Finder:
    """Finds these modules as Python does, and changes them after they were executed."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        """See importlib's protocol."""
        if name not in CHANGED:
            return None
        spec = PathFinder.find_spec(name, path)
        execute = spec.loader.exec_module

        def exec_module(module):
            execute(module)
            CHANGED[name](module)

        spec.loader.exec_module = exec_module
        return spec


if URL:
    sys.meta_path.insert(0, Finder)
