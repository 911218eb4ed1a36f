# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Leaves a local GitLab package registry running until Ctrl-C, and says how to use it."""

from __future__ import annotations

import argparse
import os
import signal
import socket
import sys
import time
import typing as t
from pathlib import Path

import yaml

from gitlab_sandbox.testing import Sandbox, SandboxError

ROOT = Path(__file__).resolve().parents[2]
SEED = ROOT / "tests/sandbox/seeds/demo.yml"
BIN = os.path.relpath(Path(sys.executable).parent, ROOT)
COLLECTIONS = "build/installed"
#: Where it listens, unless that is taken: what one has set or noted stays right from one start to the next.
PORT = 8929

TEXT = """\
A GitLab package registry runs at {url} (API: {api_url}).
It begins anew with each start. Press Ctrl-C to stop it, or run: kill {pid}

Tokens
{tokens}

Commands to paste, in another terminal, in the folder of this Makefile

  # all packages of a project
  {env} \\
    {bin}/ansible localhost -m registryops.gitlab.package_info -a "project=acme/web/shop"

  # what a delete would do, and then without --check the delete
  {env} \\
    {bin}/ansible localhost -m registryops.gitlab.package --check --diff \\
    -a "project=acme/web/shop name=@acme/ui version=1.2.0 state=absent"

  # a playbook
  {env} \\
    {bin}/ansible-playbook tests/demo/facts.yml

  # GitLab's own API
  curl --header "PRIVATE-TOKEN: {token}" {api_url}/groups/acme/packages
"""


def describe_tokens(seed: dict[str, t.Any]) -> str:
    """One line for each token of the seed: whose it is, and what that user may do where."""
    members: dict[str, list[str]] = {}
    for place in [*seed.get("groups", []), *seed.get("projects", [])]:
        for user, role in place.get("members", {}).items():
            members.setdefault(user, []).append(f"{role} of {place['path']}")
    lines = []
    for user in seed["users"]:
        name = user["username"]
        roles = "administrator" if user.get("admin") else ", ".join(members.get(name, ["no member of anything"]))
        for token in user.get("tokens", []):
            lines.append(f"  {token['value']:15} {', '.join(token.get('scopes', ['api'])):9} {name}: {roles}")
    for token in seed.get("job_tokens", []):
        lines.append(f"  {token['value']:15} {'job':9} {token['user']}'s job in {token['project']}")
    return "\n".join(lines)


def port_or_any(port: int) -> int:
    """The port if one can listen there, otherwise 0: any that is free."""
    with socket.socket() as probe:
        # As the sandbox does it: connections that have ended do not make it taken.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            sys.stdout.write(f"Port {port} is taken, so that it is another one this time.\n")
            return 0
    return port


def wait_while_it_runs(sandbox: Sandbox) -> None:
    while os.waitid(os.P_PID, sandbox.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
        time.sleep(0.5)
    raise SandboxError(f"it has ended: {sandbox.log().strip()[-500:]}")


def interrupt(*_: object) -> t.NoReturn:
    raise KeyboardInterrupt


def main() -> int:
    parser = argparse.ArgumentParser(description="Leave a local GitLab package registry running.")
    parser.add_argument("--port", type=int, default=PORT, help=f"where to listen (default: {PORT})")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, interrupt)
    seed = yaml.safe_load(SEED.read_text())
    token = "glpat-mia"
    try:
        with Sandbox(SEED, port=port_or_any(arguments.port)) as sandbox:
            env = f"ANSIBLE_COLLECTIONS_PATH={COLLECTIONS} GITLAB_API_URL={sandbox.url} GITLAB_TOKEN={token}"
            given = {"url": sandbox.url, "api_url": sandbox.api_url, "token": token, "env": env, "bin": BIN}
            sys.stdout.write(TEXT.format(**given, pid=os.getpid(), tokens=describe_tokens(seed)))
            sys.stdout.flush()
            wait_while_it_runs(sandbox)
    except SandboxError as error:
        sys.stderr.write(f"sandbox: {error}\n")
        return 1
    except KeyboardInterrupt:
        sys.stdout.write("\nThe registry is stopped.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
