import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import { isIP } from "node:net";
import type { RegistriesConfig, RegistrySettings } from "../config.ts";
import { Slots } from "./slots.ts";
import { Trusts } from "./trust.ts";

const defaultConnections = 6;
const longestIdle = 30_000;

/** The way to one origin: kept-alive connections, and how many there may be at once. */
export interface Origin {
  readonly agent: HttpAgent;
  readonly slots: Slots;
}

/** Ways to origins, opened when first needed. */
export class Connections implements Disposable {
  readonly #config: RegistriesConfig;
  readonly #env: NodeJS.ProcessEnv;
  readonly #trusts: Trusts;
  readonly #origins = new Map<string, Promise<Origin>>();

  constructor(config: RegistriesConfig, env: NodeJS.ProcessEnv) {
    this.#config = new Map([...config].map(([domain, settings]) => [hostOf(domain), settings]));
    this.#env = env;
    this.#trusts = new Trusts(env);
  }

  to(url: URL): Promise<Origin> {
    let origin = this.#origins.get(url.origin);
    if (!origin) {
      origin = this.#open(url);
      this.#origins.set(url.origin, origin);
    }
    return origin;
  }

  /** What the configuration says about a host, by the name that it has there. */
  settings(host: string): RegistrySettings {
    return this.#config.get(host === hubHost ? "docker.io" : hostOf(host)) ?? {};
  }

  connectionsOf(host: string): number {
    return this.settings(host).connections ?? defaultConnections;
  }

  [Symbol.dispose](): void {
    for (const origin of this.#origins.values()) {
      void origin.then(({ agent }) => agent.destroy()).catch(() => undefined);
    }
    this.#origins.clear();
  }

  async #open(url: URL): Promise<Origin> {
    const settings = this.settings(url.host);
    const connections = this.connectionsOf(url.host);
    const options = {
      keepAlive: true,
      maxSockets: connections,
      scheduling: "lifo" as const,
      // What lies between may forget a connection that is not used, without a word.
      timeout: longestIdle,
      // Nobody means a proxy for what runs on this machine.
      ...(!isLoopback(url.hostname) && { proxyEnv: this.#env }),
    };
    const agent =
      url.protocol === "https:"
        ? new HttpsAgent({ ...options, ...(await this.#trusts.of(url.host, settings)) })
        : new HttpAgent(options);
    return { agent, slots: new Slots(connections) };
  }
}

/** As addresses have it: in small letters, and without the port of HTTPS. */
function hostOf(domain: string): string {
  return new URL(`https://${domain}`).host;
}

/** Where Docker Hub's registry is. */
export const hubHost = "registry-1.docker.io";

/** True for names and addresses of this machine. */
export function isLoopback(hostname: string): boolean {
  if (hostname === "localhost" || hostname.endsWith(".localhost") || hostname === "[::1]") return true;
  return isIP(hostname) === 4 && hostname.startsWith("127.");
}
