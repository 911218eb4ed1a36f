# Conventions of a team on plans of registryops.gitlab, for opa and conftest:
#   conftest test --policy plan.rego package-cleanup/plan.json
package main

import rego.v1

most_percent := 25

deny contains message if {
	not startswith(input.format_version, "2.")
	message := sprintf("this policy knows plans of format 2, not %v", [input.format_version])
}

deny contains message if {
	some entry in input["delete"]
	"stable" in entry.tags
	message := sprintf("%v %v (id %v) is tagged stable", [entry.name, entry.version, entry.id])
}

deny contains message if {
	percent := (100 * input.summary["delete"]) / input.summary.packages
	percent > most_percent
	message := sprintf("%v of %v packages would go, more than %v %%", [
		input.summary["delete"],
		input.summary.packages,
		most_percent,
	])
}

deny contains message if {
	some gone in input.summary.vanishing
	message := sprintf("nothing would be left of %v (%v)", [gone.name, gone.package_type])
}
