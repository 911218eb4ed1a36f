# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever a package is called, it is data: never templated, never a path, never a command to a terminal."""

from __future__ import annotations

import json
import typing as t

from ansible_collections.registryops.gitlab.tests.integration.seeds import package, seed

NAMES = [
    "{{ lookup('pipe','id') }}",
    "{% for i in [1] %}x{% endfor %}",
    "{# nothing #}",
    "../../etc",
    "..",
    "<script>alert(1)</script>",
    "n" * 255,
    "📦🚀",
    "e\u0301 is not é",
    "%2F",
    "a/b?c=d&e#f;g",
    "a b+c",
    "'; DROP TABLE packages; --",
    "100%",
    "under_score",
    "line\nbreak\tand\x1b[31m red",
    "\u202eright to left",
    "!unsafe",
    "- {yaml: true}",
    "$(id) `id`",
    "name,with=signs \"and\" 'quotes'",
]
#: Versions are hostile too; every name has one of its own.
VERSIONS = [f"{name} {index}"[-255:] for index, name in enumerate(NAMES)]
PACKAGES = [
    package(name, version, id=100 + i, files=[{"id": 500 + i, "file_name": name, "size": 1}])
    for i, (name, version) in enumerate(zip(NAMES, VERSIONS))
]
#: What the fuzzy filter would offer as well, if anything of a name were taken for a pattern.
NEIGHBOURS = [package("underXscore", VERSIONS[14]), package("100 and more", VERSIONS[13])]
#: Those that the modules are asked for one by one; the lookup, which is cheaper, is asked for all.
WORST = [NAMES.index(name) for name in ("{{ lookup('pipe','id') }}", "../../etc", "n" * 255, "📦🚀", "%2F")]
SAFE_TO_PRINT = ("\x1b[31m", "\u202e", "uid=")


def one_by_one(ids: t.Sequence[int]) -> dict[str, t.Any]:
    """Keywords that run a task for each of these packages, as `package_info` returned them."""
    chosen = "{{ result_0.packages | selectattr('id', 'in', " + str(list(ids)) + ") }}"
    return {"loop": chosen, "loop_control": {"label": "{{ item.id }}"}}


def test_facts_and_lookups(start: t.Any, playbook: t.Any) -> None:
    sandbox = start(seed(*PACKAGES, *NEIGHBOURS))
    query = "query('registryops.gitlab.packages', '42'"
    worst = one_by_one([100 + i for i in WORST])
    named = {"project": "42", "name": "{{ item.name }}", "version": "{{ item.version }}"}
    run = playbook(
        sandbox,
        {"package_info": {"project": "42"}},
        {"package_info": named, **worst},
        {"package_file_info": {**named, "file_name": "*"}, **worst},
        {"ansible.builtin.set_fact": {"found": "{{ " + query + ", field='name') }}"}},
        {
            "ansible.builtin.set_fact": {"one": "{{ " + query + ", name=item.name, version=item.version) }}"},
            **one_by_one(range(100, 200)),
        },
        args=["-v"],
    )
    whole, exact, files, looked_up, each = run.results
    assert {found["id"]: (found["name"], found["version"]) for found in whole["packages"] if found["id"] >= 100} == {
        100 + i: pair for i, pair in enumerate(zip(NAMES, VERSIONS))
    }
    assert sorted(looked_up["ansible_facts"]["found"]) == sorted([*NAMES, "underXscore", "100 and more"])
    assert len(exact["results"]) == len(files["results"]) == len(WORST)
    for result in exact["results"]:
        assert [found["id"] for found in result["packages"]] == [result["item"]["id"]]
    for result in files["results"]:
        assert [file["file_name"] for file in result["files"]] == [result["item"]["name"]]
    assert len(each["results"]) == len(NAMES)
    for result in each["results"]:
        assert [found["id"] for found in result["ansible_facts"]["one"]] == [result["item"]["id"]]
    assert "uid=" not in run.output
    # No name ever became a path or a second parameter.
    assert {request["path"] for request in sandbox.requests()} == {
        "/api/v4/projects/42/packages",
        *(f"/api/v4/projects/42/packages/{100 + i}/package_files" for i in WORST),
    }
    assert {request["status"] for request in sandbox.requests()} == {200}


def test_deletes_mean_exactly_that_package(start: t.Any, playbook: t.Any) -> None:
    sandbox = start(seed(*PACKAGES, *NEIGHBOURS))
    worst = [100 + i for i in WORST]
    named = {"project": "42", "state": "absent", "name": "{{ item.name }}", "version": "{{ item.version }}"}
    run = playbook(
        sandbox,
        {"package_info": {"project": "42"}},
        {"package_file": {**named, "file_name": "{{ item.name }}"}, **one_by_one(worst)},
        {"package": named, **one_by_one(worst)},
        {"package": {"project": "42", "state": "absent", "packages": "{{ result_0.packages }}"}},
        {"package": {"project": "42", "state": "absent", "packages": [{"name": "<script>", "version": "\x1b[31m"}]}},
        args=["--diff"],
    )
    _whole, files, packages, rest, nothing = run.results
    for results, kind in ((files, "file_name"), (packages, "name")):
        assert [result["results"][0][kind] for result in results["results"]] == [NAMES[i] for i in WORST]
        assert {result["results"][0]["result"] for result in results["results"]} == {"deleted"}
    assert rest["summary"]["deleted"] == len(NAMES) + 2 - len(WORST)
    assert rest["summary"]["already_absent"] == len(WORST)
    assert nothing["summary"]["already_absent"] == 1
    assert sandbox.state()["packages"]["default"] == 0
    # What is shown is fit for a terminal, what is returned is what the registry holds.
    assert not [text for text in SAFE_TO_PRINT if text in run.output]
    assert "line\\u000abreak" in rest["diff"]["before"]


def test_ad_hoc_arguments_are_data_too(start: t.Any, ansible: t.Any) -> None:
    sandbox = start(seed(*PACKAGES))
    arguments = json.dumps({"project": "42", "name": "../../etc", "version": VERSIONS[3], "state": "absent"})
    done = ansible("package", arguments, GITLAB_API_URL=sandbox.api_url, GITLAB_TOKEN="glpat-mia")
    assert json.loads(done.stdout.partition(" => ")[2])["results"][0]["id"] == 103
    assert sandbox.requests()[0]["query"].startswith("package_name=..%2F..%2Fetc&package_version=..%2F..%2Fetc%203&")
