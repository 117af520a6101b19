import { openRegistries, type RegistryClient, type RegistryLimits, type RegistrySettings } from "../../registry/index.ts";
import { readRegistriesConfig } from "../config/registries-config.ts";

/** For a first question when another source is there: without a network the answer must not take long (milliseconds). */
const impatient: Partial<RegistryLimits> = { attempts: 1, connect: 1500, headers: 10_000 };

/** The clients of one engine, opened when first asked for. */
export class RegistryClients implements Disposable {
  readonly #open = new Map<"patient" | "impatient", RegistryClient>();

  /** @throws SLIP_CONFIG */
  get(how: "patient" | "impatient"): RegistryClient {
    let client = this.#open.get(how);
    if (!client) {
      client = openRegistries({ config: readRegistriesConfig(), limits: how === "impatient" ? impatient : {} });
      this.#open.set(how, client);
    }
    return client;
  }

  [Symbol.dispose](): void {
    for (const client of this.#open.values()) client[Symbol.dispose]();
  }
}
