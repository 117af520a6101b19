/** What a user is known by at a registry. Never part of an error, an event or a log. */
export type Credentials =
  | { readonly type: "password"; readonly username: string; readonly password: string }
  /** A refresh token for the token service, which `login` got in exchange for a password. */
  | { readonly type: "identity"; readonly username: string; readonly token: string }
  /** Goes to the registry as it is. */
  | { readonly type: "bearer"; readonly token: string };

/** `Basic ...` (RFC 7617). */
export function basicHeader(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
}

/** The key that docker keeps Docker Hub's credentials under. */
const hubKey = "https://index.docker.io/v1/";
const hubNames = new Set(["docker.io", "index.docker.io", "registry-1.docker.io"]);

/** The key that credentials of a registry are stored under. */
export function storeKey(domain: string): string {
  return hubNames.has(domain) ? hubKey : domain;
}

/** Keys that may hold credentials of a repository, most special first (containers-auth.json(5); docker knows whole registries only). */
export function lookupKeys(domain: string, repository: string | undefined): readonly string[] {
  const parts = repository?.split("/") ?? [];
  const paths = parts.map((_, i) => `${domain}/${parts.slice(0, parts.length - i).join("/")}`);
  return [...paths, storeKey(domain), ...(hubNames.has(domain) ? hubNames : [])];
}

/** The registry that a key is for: older dockers wrote `https://HOST/v1/`. Keys of podman have a path and are told apart by that. */
export function hostOfKey(key: string): string {
  return key.replace(/^https?:\/\//, "").replace(/\/(?:v[12]\/?)?$/, "");
}
