import {
  openRegistries,
  type RegistriesConfig,
  type RegistryClient,
  type RegistryLimits,
} from "../../registry/index.ts";
import { readRegistriesConfig } from "../config/registries-config.ts";

/** For a first question when another source is there: without a network the answer must not take long (milliseconds). */
const impatient: Partial<RegistryLimits> = { attempts: 1, connect: 1500, headers: 10_000 };

/** The usual one; one that soon gives up what cannot be reached; one that takes these registries as they are, by plain HTTP or with any certificate. */
export type ClientKind = "patient" | "impatient" | { readonly insecure: readonly string[] };

/** The clients of one engine, opened when first asked for. */
export class RegistryClients implements Disposable {
  readonly #open = new Map<string, RegistryClient>();

  /** @throws SLIP_CONFIG */
  get(how: ClientKind): RegistryClient {
    const key = JSON.stringify(how);
    let client = this.#open.get(key);
    if (!client) {
      const config = readRegistriesConfig();
      client = openRegistries({
        config: typeof how === "string" ? config : lenient(config, how.insecure),
        limits: how === "impatient" ? impatient : {},
        beside: how === "impatient" ? this.get("patient") : undefined,
      });
      this.#open.set(key, client);
    }
    return client;
  }

  [Symbol.dispose](): void {
    for (const client of [...this.#open.values()].toReversed()) client[Symbol.dispose]();
  }
}

/** What the user's settings say of a registry counts more. */
function lenient(config: RegistriesConfig, domains: readonly string[]): RegistriesConfig {
  const taken = domains.map((domain) => [domain, { http: "either", insecure: true, ...config.get(domain) }] as const);
  return new Map([...config, ...taken]);
}
