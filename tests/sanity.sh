#!/bin/sh
# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
# ansible-test sanity on what the artifact holds. It insists on a git checkout inside ansible_collections/, so it gets one.
# Usage: tests/sanity.sh VENV
set -eu
bin=$(cd "$1/bin" && pwd)
python=$("$bin/python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
tree=build/sanity/ansible_collections/registryops/gitlab
rm -rf build/sanity
mkdir -p "$tree/tests"
git ls-files --cached --others --exclude-standard -- . ':!tests' ':!.ci' | tar -cf - -T - | tar -xf - -C "$tree"
cp tests/config.yml "$tree/tests/"
cd "$tree"
echo 'tests/output/' > .gitignore
git init -q
git add -A
export PATH="$bin:$PATH"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
run() { ansible-test sanity --local --color no --python "$python" > "$log" 2>&1; }
if ! run; then
    # Where ansible-test's own server for get-pip is out of reach, the pip that comes with Python does the same.
    name=$(grep -o 'get_pip_[0-9_]*\.py' "$log" | head -n 1 || true)
    if [ -n "$name" ] && [ ! -e "$HOME/.ansible/test/cache/$name" ]; then
        mkdir -p "$HOME/.ansible/test/cache"
        printf '%s\n' 'import ensurepip, sys' 'sys.argv = sys.argv[:1]' \
            'ensurepip._bootstrap(altinstall=False, default_pip=True)' > "$HOME/.ansible/test/cache/$name"
        run || { cat "$log"; exit 1; }
    else
        cat "$log"
        exit 1
    fi
fi
echo "ansible-test sanity: $(grep -c '^Running sanity test' "$log") tests passed"
