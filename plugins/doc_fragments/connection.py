# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of every plugin that speaks to GitLab."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  api_url:
    description:
      - The address of GitLab, with or without C(/api/v4). An installation below a path works too.
      - If not given, the environment variable E(GITLAB_API_URL) is used, then E(CI_API_V4_URL).
    type: str
    default: https://gitlab.com
  api_token:
    description:
      - A personal, project or group access token. Reading needs the scope C(read_api), deleting needs C(api).
      - If no token is given, the environment variable E(GITLAB_TOKEN) is used, then E(CI_JOB_TOKEN) as a job token.
      - Without any token the caller is anonymous, and sees what is public.
      - Excludes O(api_oauth_token) and O(api_job_token).
    type: str
  api_oauth_token:
    description:
      - An OAuth token.
    type: str
  api_job_token:
    description:
      - A CI/CD job token. It works for projects, never for groups, as GitLab ignores it there.
    type: str
  validate_certs:
    description:
      - Whether the TLS certificate of the server must verify.
    type: bool
    default: true
  ca_path:
    description:
      - A file with the certificates of the authorities to trust, in PEM format, where the system's are not the right ones.
    type: path
  timeout:
    description:
      - How many seconds one request may take, from its first byte to the last one of its answer. Where a file is sent or received, the
        time for each 64 KiB of it.
    type: float
    default: 30
  retries:
    description:
      - How often a request is sent again after a fault that may pass, that is a lost connection, a broken answer, or one of
        the statuses 429, 500, 502, 503 and 504. The pauses grow, and C(Retry-After) and C(RateLimit-Reset) are obeyed.
    type: int
    default: 5
  concurrency:
    description:
      - How many requests are in flight at most, from 1 to 64.
    type: int
    default: 8
requirements:
  - requests >= 2.31
notes:
  - A token is sent to the host of O(api_url) only. A redirect to another host is refused.
  - What the registry holds, such as names and versions, is data. It is never templated.
"""

    # Modules read the environment on the host that they run on; plugins declare it.
    PLUGIN = r"""
options:
  api_url:
    env:
      - name: GITLAB_API_URL
      - name: CI_API_V4_URL
"""
