import type { Account } from "../cloud.ts";
import { FleetError } from "../errors.ts";
import { accountOptions } from "./schemas.ts";

/**
 * The `auth` of a login: an application credential, or a password with the project it logs in to.
 * @throws {FleetError} CREDENTIAL_MISSING
 * @see https://docs.openstack.org/api-ref/identity/v3/#authentication-and-token-management
 */
export function identityOf(account: Account): object {
  const { applicationCredentialId: id, applicationCredentialSecret: secret, username, password } = account.credentials;
  if (id && secret) {
    return {
      identity: { methods: ["application_credential"], application_credential: { id, secret } },
    };
  }
  if (!username || !password) {
    const message = `account ${account.spec.name}: OpenStack needs applicationCredentialId and applicationCredentialSecret, or username and password`;
    throw new FleetError("CREDENTIAL_MISSING", message, { account: account.spec.name });
  }
  const {
    projectId,
    projectName,
    projectDomain = "Default",
    userDomain = "Default",
  } = accountOptions(account.spec.options);
  if (!projectId && !projectName) {
    const message = `account ${account.spec.name}: a password needs options.projectName or options.projectId`;
    throw new FleetError("FLEET_INVALID", message, { account: account.spec.name });
  }
  const user = { name: username, domain: { name: userDomain }, password };
  const project = projectId ? { id: projectId } : { name: projectName, domain: { name: projectDomain } };
  return { identity: { methods: ["password"], password: { user } }, scope: { project } };
}
