# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from ansible_collections.registryops.gitlab.plugins.module_utils._files.secret_options import secrets_of, texts_of


def test_all_options_are_secrets_but_those_that_are_known_not_to_be() -> None:
    options = {
        "key": "AKIAEXAMPLE",
        "secret": "s3cr3t",
        "profile": "default",
        "anon": False,
        "password": 12345678,
        "client_kwargs": {"region_name": "eu-west-1", "headers": [{"x-token": "abcd"}], "verify": None},
        "config_kwargs": {"retries": {"max_attempts": 1}, "read_timeout": 60.5},
    }
    assert sorted(secrets_of(options)) == ["12345678", "AKIAEXAMPLE", "abcd", "s3cr3t"]
    assert {*texts_of(options)} - {*secrets_of(options)} == {"default", "eu-west-1", "1", "60.5"}
