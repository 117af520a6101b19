import { type CredentialFile, readCredentialFiles, type StoredAuth } from "./credential-files.ts";
import { type Credentials, hostOfKey, lookupKeys, storeKey } from "./credentials.ts";
import { askHelper, type HelperOptions } from "./helper.ts";

/**
 * What the user stored for a repository's registry: in each file the helper of that registry, the helper of all, then the file itself.
 * @returns undefined when there is nothing: the registry is then asked as anybody.
 * @throws SLIP_CONFIG for a file, SLIP_UNAUTHORIZED for a helper that cannot be used
 */
export async function findCredentials(
  domain: string,
  repository: string | undefined,
  options: HelperOptions,
): Promise<Credentials | undefined> {
  for (const file of await readCredentialFiles(options.env)) {
    const helper = helperFor(file, domain);
    const found = helper === undefined ? undefined : await askHelper(helper, storeKey(domain), options);
    const credentials = found ?? storedIn(file, domain, repository);
    if (credentials) return credentials;
  }
  return undefined;
}

/** The helper that docker would use for that registry. */
export function helperFor(file: CredentialFile, domain: string): string | undefined {
  const own = lookupKeys(domain, undefined).find((key) => Object.hasOwn(file.credHelpers ?? {}, key));
  const name = own === undefined ? file.credsStore : file.credHelpers?.[own];
  return name === undefined || name === "" ? undefined : name;
}

function storedIn(file: CredentialFile, domain: string, repository: string | undefined): Credentials | undefined {
  const auths = Object.entries(file.auths ?? {});
  for (const key of lookupKeys(domain, repository)) {
    const match = auths.find(([name]) => name === key) ?? auths.find(([name]) => hostOfKey(name) === key);
    const credentials = match && credentialsOf(match[1]);
    if (credentials) return credentials;
  }
  return undefined;
}

function credentialsOf({
  auth,
  username,
  password,
  identitytoken,
  registrytoken,
}: StoredAuth): Credentials | undefined {
  const decoded = typeof auth === "string" ? Buffer.from(auth, "base64").toString().replace(/\0+$/, "") : "";
  const colon = decoded.indexOf(":");
  const name = colon > 0 ? decoded.slice(0, colon) : text(username);
  const secret = colon > 0 ? decoded.slice(colon + 1) : text(password);
  if (text(registrytoken) !== "") return { type: "bearer", token: text(registrytoken) };
  if (text(identitytoken) !== "") return { type: "identity", username: name, token: text(identitytoken) };
  return name === "" || secret === "" ? undefined : { type: "password", username: name, password: secret };
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}
