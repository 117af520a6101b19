import type { Platform } from "../oci/index.ts";
import { isBuiltIn } from "./built-in-args.ts";

/** The PATH that a process gets when neither image nor Dockerfile sets one. */
export const defaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** Build arguments that need no ARG, reach RUN and never count for the cache (Dockerfile reference, "Predefined ARGs"). */
const proxies = ["HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "NO_PROXY", "ALL_PROXY"];

/** True for a name that may be given as a build argument although no ARG declares it. */
export function isPredefined(name: string): boolean {
  return proxies.includes(name.toUpperCase()) || isBuiltIn(name);
}

/** Proxy arguments that were given, in any case, as `NAME=value` and `name=value`: programs look for the one or the other. */
export function proxyEnv(buildArgs: Readonly<Record<string, string>>): readonly string[] {
  const given = Object.entries(buildArgs);
  return proxies.flatMap((proxy) => {
    const value = given.findLast(([name, text]) => name.toUpperCase() === proxy && text !== "")?.[1];
    return value === undefined ? [] : [`${proxy}=${value}`, `${proxy.toLowerCase()}=${value}`];
  });
}

/** Arguments in the global scope (Dockerfile reference, "Automatic platform ARGs in the global scope"). */
export function platformArgs(build: Platform, target: Platform, targetStage: string): ReadonlyMap<string, string> {
  const args = new Map<string, string>();
  for (const [prefix, platform] of [
    ["BUILD", build],
    ["TARGET", target],
  ] as const) {
    args.set(`${prefix}PLATFORM`, [platform.os, platform.architecture, platform.variant].filter(Boolean).join("/"));
    args.set(`${prefix}OS`, platform.os);
    args.set(`${prefix}OSVERSION`, platform["os.version"] ?? "");
    args.set(`${prefix}ARCH`, platform.architecture);
    args.set(`${prefix}VARIANT`, platform.variant ?? "");
  }
  return args.set("TARGETSTAGE", targetStage);
}

/**
 * Variables of one stage. Of ENV and ARG with one name the later wins, for what is expanded and for what RUN sees; the image keeps ENV
 * alone. (The reference says that ENV always wins; docker build does as it is here.)
 */
export class Scope {
  readonly #env: Map<string, string>;
  readonly #args: Map<string, string | undefined>;
  /** What wins. */
  readonly #values: Map<string, string>;

  /** @param args of the stage below; its ENV wins over them here, whichever came later there. */
  constructor(env: readonly string[], args: ReadonlyMap<string, string | undefined> = new Map()) {
    this.#env = new Map(env.map(splitVariable));
    this.#args = new Map(args);
    const given = [...args].filter((arg): arg is [string, string] => arg[1] !== undefined);
    this.#values = new Map([...given, ...this.#env]);
  }

  /** The value of a variable, or undefined when nothing sets it. */
  readonly lookup = (name: string): string | undefined => this.#values.get(name);

  /** True when an ARG of this stage names it, with or without a value. */
  declares(name: string): boolean {
    return this.#args.has(name) || this.#env.has(name);
  }

  setEnv(name: string, value: string): void {
    this.#env.set(name, value);
    this.#values.set(name, value);
  }

  setArg(name: string, value: string | undefined): void {
    this.#args.set(name, value);
    if (value !== undefined) this.#values.set(name, value);
  }

  /** `NAME=value` of ENV alone, in order: what the image records. */
  env(): readonly string[] {
    return [...this.#env].map(([name, value]) => `${name}=${value}`);
  }

  /** ARGs with their values. */
  declared(): ReadonlyMap<string, string | undefined> {
    return new Map(this.#args);
  }

  /** All ARGs with what a process sees as their value, in order: what the history says of a RUN. */
  shownArgs(): readonly string[] {
    return [...this.#args.keys()].map((name) => `${name}=${this.lookup(name) ?? ""}`);
  }

  /** What a RUN step sees: ENV in its order, then ARGs in theirs. */
  processEnv(): readonly string[] {
    const names = new Set([...this.#env.keys(), ...this.#values.keys()]);
    return [...names].map((name) => `${name}=${this.lookup(name)}`);
  }

  copy(): Scope {
    return new Scope(this.env());
  }
}

function splitVariable(text: string): [string, string] {
  const at = text.indexOf("=");
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
}
