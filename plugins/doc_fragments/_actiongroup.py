# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    ENTRA = r"""
options: {}
attributes:
  action_group:
    description: Use C(group/deskops.rustdesk_sso.entra) in C(module_defaults) to set the authentication options.
    support: full
    membership:
      - deskops.rustdesk_sso.entra
"""
    RUSTDESK = r"""
options: {}
attributes:
  action_group:
    description: Use C(group/deskops.rustdesk_sso.rustdesk) in C(module_defaults) to set the console options.
    support: full
    membership:
      - deskops.rustdesk_sso.rustdesk
"""
