# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The part of AWX's API with which its objects are made, so that awx.awx's modules can be run against it.

What it checks is what AWX checks [src: ansible/awx, awx/main/fields.py, awx/api/serializers.py and views], but that an
unknown member is refused, where AWX drops it without a word. It runs no jobs: tests/awx does, from what is stored here.
"""
