# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The schema, in GraphQL's own language: GitLab's names, and of each type what the contract names.

Lines that end in ``# recent`` are what a server of 16.1 does not have.
"""

from __future__ import annotations

SCHEMA = """
scalar PackagesPackageID
scalar PackagesPackageFileID
scalar ProjectID
scalar GroupID
scalar UserID
scalar Time
scalar UntrustedRegexp

type Query {
  currentUser: CurrentUser
  group(fullPath: ID!): Group
  package(id: PackagesPackageID!): PackageDetailsType
  project(fullPath: ID!): Project
}

type CurrentUser {
  id: UserID!
  name: String!
  username: String!
}

type Group {
  fullPath: ID!
  id: ID!
  name: String!
  packageSettings: PackageSettings
  path: String!
}

type Project {
  archived: Boolean
  fullPath: ID!
  id: ID!
  name: String!
  packagesCleanupPolicy: PackagesCleanupPolicy
  path: String!
}

enum PackageStatus {
  DEFAULT
  HIDDEN
  PROCESSING
  ERROR
  PENDING_DESTRUCTION
  DEPRECATED # recent
}

enum PackageTypeEnum {
  MAVEN
  NPM
  CONAN
  NUGET
  PYPI
  COMPOSER
  GENERIC
  GOLANG
  DEBIAN
  RUBYGEMS
  HELM
  TERRAFORM_MODULE
  RPM
  ML_MODEL
  CARGO # recent
}

type PackageDetailsType {
  createdAt: Time!
  id: PackagesPackageID!
  lastDownloadedAt: Time
  name: String!
  packageType: PackageTypeEnum!
  project: Project!
  protectionRuleExists: Boolean! # recent
  status: PackageStatus!
  statusMessage: String # recent
  updatedAt: Time!
  userPermissions: PackagePermissions! # recent
  version: String
}

type PackagePermissions {
  destroyPackage: Boolean!
}

type PackageSettings {
  genericDuplicateExceptionRegex: UntrustedRegexp
  genericDuplicatesAllowed: Boolean!
  lockMavenPackageRequestsForwarding: Boolean!
  lockNpmPackageRequestsForwarding: Boolean!
  lockPypiPackageRequestsForwarding: Boolean!
  mavenDuplicateExceptionRegex: UntrustedRegexp
  mavenDuplicatesAllowed: Boolean!
  mavenPackageRequestsForwarding: Boolean
  mavenPackageRequestsForwardingLocked: Boolean!
  npmPackageRequestsForwarding: Boolean
  npmPackageRequestsForwardingLocked: Boolean!
  nugetDuplicateExceptionRegex: UntrustedRegexp # recent
  nugetDuplicatesAllowed: Boolean! # recent
  nugetSymbolServerEnabled: Boolean! # recent
  pypiPackageRequestsForwarding: Boolean
  pypiPackageRequestsForwardingLocked: Boolean!
  terraformModuleDuplicateExceptionRegex: UntrustedRegexp # recent
  terraformModuleDuplicatesAllowed: Boolean! # recent
}

enum PackagesCleanupKeepDuplicatedPackageFilesEnum {
  ALL_PACKAGE_FILES
  ONE_PACKAGE_FILE
  TEN_PACKAGE_FILES
  TWENTY_PACKAGE_FILES
  THIRTY_PACKAGE_FILES
  FORTY_PACKAGE_FILES
  FIFTY_PACKAGE_FILES
}

type PackagesCleanupPolicy {
  keepNDuplicatedPackageFiles: PackagesCleanupKeepDuplicatedPackageFilesEnum!
  nextRunAt: Time
}

type Mutation {
  destroyPackageFiles(input: DestroyPackageFilesInput!): DestroyPackageFilesPayload
  destroyPackages(input: DestroyPackagesInput!): DestroyPackagesPayload
  updateNamespacePackageSettings(input: UpdateNamespacePackageSettingsInput!): UpdateNamespacePackageSettingsPayload
  updatePackagesCleanupPolicy(input: UpdatePackagesCleanupPolicyInput!): UpdatePackagesCleanupPolicyPayload
}

input DestroyPackagesInput {
  clientMutationId: String
  ids: [PackagesPackageID!]!
}

type DestroyPackagesPayload {
  clientMutationId: String
  errors: [String!]!
}

input DestroyPackageFilesInput {
  clientMutationId: String
  ids: [PackagesPackageFileID!]!
  projectPath: ID!
}

type DestroyPackageFilesPayload {
  clientMutationId: String
  errors: [String!]!
}

input UpdateNamespacePackageSettingsInput {
  clientMutationId: String
  genericDuplicateExceptionRegex: UntrustedRegexp
  genericDuplicatesAllowed: Boolean
  lockMavenPackageRequestsForwarding: Boolean
  lockNpmPackageRequestsForwarding: Boolean
  lockPypiPackageRequestsForwarding: Boolean
  mavenDuplicateExceptionRegex: UntrustedRegexp
  mavenDuplicatesAllowed: Boolean
  mavenPackageRequestsForwarding: Boolean
  namespacePath: ID!
  npmPackageRequestsForwarding: Boolean
  nugetDuplicateExceptionRegex: UntrustedRegexp # recent
  nugetDuplicatesAllowed: Boolean # recent
  nugetSymbolServerEnabled: Boolean # recent
  pypiPackageRequestsForwarding: Boolean
  terraformModuleDuplicateExceptionRegex: UntrustedRegexp # recent
  terraformModuleDuplicatesAllowed: Boolean # recent
}

type UpdateNamespacePackageSettingsPayload {
  clientMutationId: String
  errors: [String!]!
  packageSettings: PackageSettings
}

input UpdatePackagesCleanupPolicyInput {
  clientMutationId: String
  keepNDuplicatedPackageFiles: PackagesCleanupKeepDuplicatedPackageFilesEnum
  projectPath: ID!
}

type UpdatePackagesCleanupPolicyPayload {
  clientMutationId: String
  errors: [String!]!
  packagesCleanupPolicy: PackagesCleanupPolicy
}
"""


def schema_text(current: bool) -> str:
    """The schema of the newest GitLab, or of 16.1."""
    if current:
        return SCHEMA
    return "\n".join(line for line in SCHEMA.splitlines() if not line.endswith("# recent"))
