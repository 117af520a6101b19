import type { Reference } from "../oci/index.ts";
import { Authorizer } from "./auth/authorizer.ts";
import type { Credentials } from "./auth/credentials.ts";
import { findCredentials } from "./auth/find-credentials.ts";
import type { RegistriesConfig } from "./config.ts";
import type { RegistryCtx, RegistryLimits, RegistryOptions } from "./contract.ts";
import { abortable } from "./http/abortable.ts";
import { Connections, hubHost, isLoopback } from "./http/connections.ts";
import { follower, type Send } from "./http/follow.ts";
import { defaultLimits } from "./http/limits.ts";
import { speaksTls } from "./http/speaks-tls.ts";
import { Remote } from "./remote.ts";

/** One place to reach repositories of a registry at: the registry itself or a mirror. */
interface Endpoint {
  readonly base: URL;
  readonly authorizer: Authorizer;
}

/** Milliseconds for which a mirror that could not be reached is left alone. */
const mirrorRest = 60_000;

/** All endpoints, with what they share: connections, tokens, what is known about them. */
export class Endpoints implements Disposable {
  readonly #config: RegistriesConfig;
  readonly #env: NodeJS.ProcessEnv;
  readonly #limits: RegistryLimits;
  readonly #connections: Connections;
  readonly #isOwner: boolean;
  readonly #send: Send;
  readonly #opened = new Map<string, Promise<Endpoint>>();
  readonly #resting = new Map<string, number>();
  readonly #warned = new Set<string>();
  /** What is shared by many actions ends with the client, not with the one that happened to ask first. */
  readonly #lifetime = new AbortController();

  /** @param shared connections that are somebody else's. */
  constructor(options: RegistryOptions, shared?: Connections) {
    this.#config = options.config ?? new Map();
    this.#env = options.env ?? process.env;
    this.#limits = { ...defaultLimits, ...options.limits };
    this.#connections = shared ?? new Connections(this.#config, this.#env);
    this.#isOwner = shared === undefined;
    this.#send = follower(this.#connections, this.#limits);
  }

  /** For others to share. */
  get connections(): Connections {
    return this.#connections;
  }

  /** The registry itself. */
  async origin(domain: string, repository: string, ctx: RegistryCtx): Promise<Remote> {
    return this.#remote(await this.#shared(domain, ctx), repository);
  }

  /**
   * Asks the registry itself whether it knows these credentials (distribution-spec, "Determining Support").
   * @returns a refresh token, where the token service gives one for them.
   */
  async tryOut(domain: string, given: Credentials, ctx: RegistryCtx): Promise<string | undefined> {
    const endpoint = await abortable(this.#open(domain, given), ctx.signal);
    const remote = this.#remote(endpoint, undefined);
    const answer = await remote.request({ method: "GET", to: "", scopes: [], ok: [200] }, ctx);
    answer.discard();
    return endpoint.authorizer.refreshToken;
  }

  /** Mirrors that are not known to be away, without the registry itself. */
  async mirrors({ domain, path }: Reference, ctx: RegistryCtx): Promise<readonly Remote[]> {
    const addresses = (this.#config.get(domain)?.mirrors ?? []).filter(
      (address) => (this.#resting.get(new URL(address).origin) ?? 0) < performance.now(),
    );
    return Promise.all(
      addresses.map(async (address) => {
        const prefix = new URL(address).pathname.replace(/^\/|\/$/g, "");
        const endpoint = await this.#shared(address, ctx);
        return this.#remote(endpoint, prefix === "" ? path : `${prefix}/${path}`, { attempts: 2 });
      }),
    );
  }

  /** A mirror could not be reached: others are asked for a while. */
  rest(mirror: Remote): void {
    this.#resting.set(mirror.base.origin, performance.now() + mirrorRest);
  }

  /** Bytes that one request uploads at most. */
  chunkOf(domain: string): number | undefined {
    return this.#config.get(domain)?.chunk;
  }

  /** Uploads and downloads of a registry that are worth having at once. */
  connectionsOf(domain: string): number {
    return this.#connections.connectionsOf(domain);
  }

  [Symbol.dispose](): void {
    this.#lifetime.abort();
    if (this.#isOwner) this.#connections[Symbol.dispose]();
  }

  #remote({ base, authorizer }: Endpoint, repository: string | undefined, limits?: Partial<RegistryLimits>): Remote {
    return new Remote({
      base,
      authorizer,
      repository,
      send: this.#send,
      limits: { ...this.#limits, ...limits },
      warned: this.#warned,
    });
  }

  /** Failures are not kept: the next action may find the registry there. */
  #shared(address: string, { signal }: RegistryCtx): Promise<Endpoint> {
    let opened = this.#opened.get(address);
    if (!opened) {
      opened = this.#open(address);
      this.#opened.set(address, opened);
      opened.catch(() => this.#opened.delete(address));
    }
    return abortable(opened, signal);
  }

  /** @param address a registry's domain, or a mirror's address */
  async #open(address: string, given?: Credentials): Promise<Endpoint> {
    const base = address.includes("://") ? new URL(new URL(address).origin) : await this.#baseOf(address);
    const domain = address.includes("://") ? base.host : address;
    const { signal } = this.#lifetime;
    const authorizer = new Authorizer({
      registry: base,
      domain,
      offline: given !== undefined,
      send: (request) => this.#send(request, signal),
      credentials: (repository) =>
        given ? Promise.resolve(given) : findCredentials(domain, repository, { env: this.#env, signal }),
    });
    return { base, authorizer };
  }

  async #baseOf(domain: string): Promise<URL> {
    const host = domain === "docker.io" ? hubHost : domain;
    const { http } = this.#connections.settings(domain);
    const secure = new URL(`https://${host}`);
    const plain = new URL(`http://${host}`);
    if (http === true) return plain;
    if (http === false || (http === undefined && !isLoopback(secure.hostname))) return secure;
    return (await speaksTls(secure, this.#limits.connect, this.#lifetime.signal)) ? secure : plain;
  }
}
