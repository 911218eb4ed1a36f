# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""An error that nobody foresaw is one sentence that asks for a report: here a module has some on purpose."""

from __future__ import annotations

import typing as t
from pathlib import Path

from ansible_collections.registryops.gitlab.plugins.module_utils._plain.version import VERSION

TOKEN = "glpat-unforeseen"
MODULE = """
from ansible_collections.registryops.gitlab.plugins.module_utils._ansible.module import create_module, run_module


def deep(value):
    return deep([value])


def main():
    module = create_module({"how": {"type": "str"}})
    ways = {
        "memory": lambda api: bytearray(1 << 62),
        "recursion": lambda api: deep(1),
        "secret": lambda api: {}[api.client.connection.token.value],
        "import": lambda api: __import__("no_such_library"),
        "unwritable": lambda api: {"changed": False, "found": object()},
    }
    run_module(module, ways[module.params["how"]])


main()
"""
DEFECT = f"something happened that registryops.gitlab {VERSION} does not foresee ({{}}"
REPORT = "this is a defect, please report it with the task and this sentence at https://"


def test_each_is_one_sentence(playbook: t.Any, tmp_path: Path) -> None:
    (tmp_path / "library").mkdir()
    (tmp_path / "library" / "breaks.py").write_text(MODULE, encoding="utf-8")
    says = {
        "memory": f"the memory of this machine did not suffice (registryops.gitlab {VERSION}): ask for less",
        "recursion": DEFECT.format("RecursionError: maximum recursion depth exceeded"),
        "secret": DEFECT.format("KeyError: '********')"),
        "import": DEFECT.format("ModuleNotFoundError: No module named 'no_such_library')"),
        "unwritable": DEFECT.format("TypeError: "),
    }
    tasks = [{"ansible.legacy.breaks": {"how": how, "api_url": "http://127.0.0.1:9"}} for how in says]
    run = playbook(None, *tasks, token=TOKEN)
    for result, words in zip(run.results, says.values()):
        assert result["failed"] is True
        assert result["msg"].startswith(words)
        assert words.startswith("the memory") or REPORT in result["msg"]
        assert "\n" not in result["msg"]
    assert "Traceback" not in run.output
    assert "An exception occurred" not in run.output
    assert TOKEN not in run.output
    loud = playbook(None, tasks[1], token=TOKEN, args=["-vvv"])
    assert "in deep" in loud.output
