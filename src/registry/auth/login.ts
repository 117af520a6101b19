import { SlipwayError } from "../../base/index.ts";
import type { RegistryCtx, RegistryOptions } from "../contract.ts";
import { Endpoints } from "../endpoints.ts";
import { explained } from "../explain.ts";
import { type CredentialFile, mainFile, readCredentialFile } from "./credential-files.ts";
import { type Credentials, hostOfKey, lookupKeys, storeKey } from "./credentials.ts";
import { helperFor } from "./find-credentials.ts";
import { eraseWithHelper, type HelperOptions, storeWithHelper } from "./helper.ts";
import { writeCredentialFile } from "./write-credential-file.ts";

export interface LoginRequest {
  /** As names of images have it: `docker.io`, `localhost:5000`. */
  readonly domain: string;
  readonly username: string;
  readonly password: string;
}

/**
 * Tries credentials at the registry and, when they are good, stores them as docker does: with the helper that its file names, else in the
 * file itself. A token service that gives a refresh token has that stored in place of the password.
 * @returns where they are: the name of the helper's program, or the file.
 * @throws SLIP_UNAUTHORIZED, SLIP_NETWORK, SLIP_REGISTRY, SLIP_CONFIG
 */
export async function login(request: LoginRequest, options: RegistryOptions, ctx: RegistryCtx): Promise<string> {
  const { domain, username, password } = request;
  if (username === "" || username.includes(":") || password === "") {
    throw new SlipwayError({
      code: "SLIP_USAGE",
      message: `Cannot log in to ${domain}: ${password === "" ? "the password is empty" : "a user name is not empty and has no colon"}`,
    });
  }
  const given: Credentials = { type: "password", username, password };
  const refresh = await explained(`log in to ${domain}`, ctx.signal, () => tryOut(domain, given, options, ctx));
  const credentials: Credentials = refresh === undefined ? given : { type: "identity", username, token: refresh };

  const env = options.env ?? process.env;
  const path = mainFile(env);
  const file = await readCredentialFile(path);
  const helper = helperFor(file, domain);
  if (helper !== undefined) await storeWithHelper(helper, storeKey(domain), credentials, { env, signal: ctx.signal });
  await writeCredentialFile(path, {
    ...file,
    auths: { ...file.auths, [storeKey(domain)]: helper === undefined ? entryFor(credentials) : {} },
  });
  return helper === undefined ? path : `docker-credential-${helper}`;
}

/**
 * Forgets what `login` stored.
 * @returns false when there was nothing to forget.
 * @throws SLIP_CONFIG, SLIP_UNAUTHORIZED when a helper fails
 */
export async function logout(
  domain: string,
  options: Pick<RegistryOptions, "env">,
  { signal }: Pick<RegistryCtx, "signal">,
): Promise<boolean> {
  const env = options.env ?? process.env;
  const path = mainFile(env);
  const file = await readCredentialFile(path);
  const helper = helperFor(file, domain);
  const left = withoutKeys(file, domain);
  const had = Object.keys(left.auths ?? {}).length !== Object.keys(file.auths ?? {}).length;
  const helperOptions: HelperOptions = { env, signal };
  if (helper !== undefined) await eraseWithHelper(helper, storeKey(domain), helperOptions);
  if (had) await writeCredentialFile(path, left);
  return had;
}

/** @returns a refresh token where the token service gives one. */
async function tryOut(
  domain: string,
  given: Credentials,
  options: RegistryOptions,
  ctx: RegistryCtx,
): Promise<string | undefined> {
  using endpoints = new Endpoints(options);
  return await endpoints.tryOut(domain, given, ctx);
}

function entryFor(credentials: Credentials): Readonly<Record<string, string>> {
  if (credentials.type === "bearer") return { registrytoken: credentials.token };
  const password = credentials.type === "password" ? credentials.password : "";
  const auth = Buffer.from(`${credentials.username}:${password}`).toString("base64");
  return credentials.type === "identity" ? { auth, identitytoken: credentials.token } : { auth };
}

function withoutKeys(file: CredentialFile, domain: string): CredentialFile {
  const keys = new Set(lookupKeys(domain, undefined));
  const left = Object.entries(file.auths ?? {}).filter(([key]) => !keys.has(key) && !keys.has(hostOfKey(key)));
  return { ...file, auths: Object.fromEntries(left) };
}
