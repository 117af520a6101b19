import { SlipwayError } from "../../base/index.ts";
import type { RegistryCtx } from "../../registry/index.ts";
import type { LoginOptions, LogoutOptions } from "../api/api.ts";

const hub = "docker.io";

/**
 * Tries credentials at a registry, and stores them as docker does when they are good.
 * @returns the registry, and where they are now: a file, or the program of a credential helper.
 * @throws SLIP_UNAUTHORIZED, SLIP_NETWORK, SLIP_REGISTRY, SLIP_CONFIG, SLIP_USAGE
 */
export async function login(options: LoginOptions): Promise<{ readonly registry: string; readonly storedIn: string }> {
  const { username, password, signal } = options;
  const registry = domainOf(options.registry);
  const [room, { readRegistriesConfig }] = await Promise.all([
    import("../../registry/index.ts"),
    import("../config/registries-config.ts"),
  ]);
  const given = { domain: registry, username, password };
  return { registry, storedIn: await room.login(given, { config: readRegistriesConfig() }, silent(signal)) };
}

/**
 * Forgets stored credentials.
 * @returns the registry, and whether there were any.
 * @throws SLIP_CONFIG, SLIP_UNAUTHORIZED when a credential helper fails
 */
export async function logout(
  options: LogoutOptions = {},
): Promise<{ readonly registry: string; readonly had: boolean }> {
  const registry = domainOf(options.registry);
  const room = await import("../../registry/index.ts");
  return { registry, had: await room.logout(registry, {}, silent(options.signal)) };
}

/** A registry as names of images have it; people also write its address. */
function domainOf(text: string = hub): string {
  const host = text.replace(/^https?:\/\//, "").replace(/\/.*$/s, "");
  if (host === "") throw new SlipwayError({ code: "SLIP_USAGE", message: `${JSON.stringify(text)} is no registry` });
  return ["index.docker.io", "registry-1.docker.io", "hub.docker.com"].includes(host) ? hub : host;
}

function silent(signal: AbortSignal = new AbortController().signal): RegistryCtx {
  return { signal, emit: () => undefined };
}
