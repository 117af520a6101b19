import {
  openRegistries,
  type RegistryClient,
  type RegistryLimits,
  type RegistrySettings,
} from "../../registry/index.ts";
import { readRegistriesConfig } from "../config/registries-config.ts";

/** For a first question when another source is there: without a network the answer must not take long (milliseconds). */
const impatient: Partial<RegistryLimits> = { attempts: 1, connect: 1500, headers: 10_000 };

/** The usual one; one that soon gives up what cannot be reached; one that takes registries without certificates that verify. */
export type ClientKind = "patient" | "impatient" | "insecure";

/** Any registry may speak plain HTTP or have any certificate, unless the user's settings say otherwise. */
class Lenient extends Map<string, RegistrySettings> {
  override get(domain: string): RegistrySettings {
    return { http: "either", insecure: true, ...super.get(domain) };
  }
}

/** The clients of one engine, opened when first asked for. */
export class RegistryClients implements Disposable {
  readonly #open = new Map<ClientKind, RegistryClient>();

  /** @throws SLIP_CONFIG */
  get(how: ClientKind): RegistryClient {
    let client = this.#open.get(how);
    if (!client) {
      const config = readRegistriesConfig();
      client = openRegistries({
        config: how === "insecure" ? new Lenient(config) : config,
        limits: how === "impatient" ? impatient : {},
      });
      this.#open.set(how, client);
    }
    return client;
  }

  [Symbol.dispose](): void {
    for (const client of this.#open.values()) client[Symbol.dispose]();
  }
}
