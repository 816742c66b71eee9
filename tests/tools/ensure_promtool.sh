#!/usr/bin/env bash
# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Prints the path of promtool. If it is not installed, it is extracted from Debian's package to build/promtool, without root.
set -euo pipefail
if command -v promtool; then exit 0; fi

folder=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)/build/promtool
tool=$folder/usr/bin/promtool
mkdir -p "$folder"
exec 9>"$folder/.lock"
flock 9
if [ -x "$tool" ]; then echo "$tool"; exit 0; fi

if command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null; then
    cd "$folder"
    # The lists of packages may be missing or old, and only root can fetch them
    { apt-get -qq download prometheus || { apt-get -qq update && apt-get -qq download prometheus; }; } >apt.log 2>&1 || true
    for package in prometheus_*.deb; do
        [ -e "$package" ] || break
        mkdir -p part
        dpkg-deb --fsys-tarfile "$package" | tar -x -C part ./usr/bin/promtool
        mv part/usr .
        rm -r part "$package"
        echo "$tool"
        exit 0
    done
fi
echo "The tests of the alert rules need promtool. Install Prometheus (Debian: apt-get install prometheus)" >&2
# A user can continue without these tests, continuous integration cannot.
if [ -n "${CI:-}" ]; then exit 1; fi
