#!/usr/bin/env bash
# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# make_venv.sh FOLDER PYTHON REQUIREMENTS...: creates a virtual environment and installs the requirement files into it.
set -euo pipefail
folder=$1 python=$2
shift 2

"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    { echo "$python is older than 3.11 or missing. Choose another one with PYTHON=..." >&2; exit 1; }
"$python" -c 'import ensurepip, venv' 2>/dev/null ||
    { echo "$python cannot create virtual environments. On Debian, run apt-get install python3-venv" >&2; exit 1; }

version='import sys; print(sys.version_info[:2])'
if [ "$("$folder/bin/python" -c "$version" 2>/dev/null)" = "$("$python" -c "$version")" ]; then
    echo "Updating $folder"
else
    echo "Creating $folder with $("$python" --version); this takes a minute or two"
    "$python" -m venv --clear "$folder"
fi
files=()
for file in "$@"; do files+=(-r "$file"); done
# Twice quiet: errors only. Python compiles modules when it imports them, which are few of the Graph SDK's 16,000 files.
"$folder/bin/python" -m pip --quiet --quiet --disable-pip-version-check install --no-compile "${files[@]}"
touch "$folder/stamp"
