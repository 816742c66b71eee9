# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The part of AWX's API that creates its objects, to run the modules of awx.awx against.

It checks what AWX checks [src: ansible/awx, awx/main/fields.py, awx/api/serializers.py and views], but refuses unknown
members, which AWX silently drops. It runs no jobs: tests/awx runs them from the objects stored here.
"""
