import { dirname, resolve } from "node:path";
import { didYouMean, SlipwayError } from "../base/index.ts";
import { parseReference } from "../oci/index.ts";

/** What a user says about one registry (docs/registries.md). */
export interface RegistrySettings {
  /** Asked first when something is pulled, in this order: `https://HOST[:PORT][/PREFIX]`, `http://...`. */
  readonly mirrors?: readonly string[] | undefined;
  /** True: plain HTTP; false: HTTPS also where localhost would be tried with both; "either" (not in files): whichever it speaks. */
  readonly http?: boolean | "either" | undefined;
  /** Certificates are not verified. */
  readonly insecure?: boolean | undefined;
  /** Files with authorities that are trusted besides those of the machine. */
  readonly ca?: readonly string[] | undefined;
  /** The client's certificate and its key, files in PEM. */
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  /** Connections at once. Default 6. */
  readonly connections?: number | undefined;
  /** Bytes that one request uploads at most, for registries behind what limits bodies. */
  readonly chunk?: number | undefined;
}

/** Settings by the registry's domain as names have it: `docker.io`, `localhost:5000`. */
export type RegistriesConfig = ReadonlyMap<string, RegistrySettings>;

const smallestChunk = 64 * 1024;

type Reader = (value: unknown, fail: (problem: string) => never, folder: string) => unknown;

const flag: Reader = (value, fail) => (typeof value === "boolean" ? value : fail("must be true or false"));
const file: Reader = (value, fail, folder) =>
  typeof value === "string" && value !== "" ? resolve(folder, value) : fail("must be the path of a file");
const count =
  (least: number, most: number): Reader =>
  (value, fail) =>
    Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most
      ? value
      : fail(`must be a whole number from ${least} to ${most}`);

const members: Readonly<Record<keyof RegistrySettings, Reader>> = {
  mirrors: (value, fail) => {
    if (!Array.isArray(value)) return fail("must be a list of addresses");
    return value.map(
      (address: unknown) =>
        mirrorAddress(address) ?? fail(`has ${JSON.stringify(address)}, which is no address of a mirror`),
    );
  },
  http: flag,
  insecure: flag,
  ca: (value, fail, folder) => (Array.isArray(value) ? value : [value]).map((one: unknown) => file(one, fail, folder)),
  cert: file,
  key: file,
  connections: count(1, 64),
  chunk: count(smallestChunk, Number.MAX_SAFE_INTEGER),
};

/**
 * Reads the member `registries` of slipway's configuration.
 * @param value what JSON.parse made of it.
 * @param from the file that it is from: paths in it are relative to its folder, and errors name it.
 * @throws SLIP_CONFIG
 */
export function parseRegistriesConfig(value: unknown, from: string): RegistriesConfig {
  return new Map(
    entries(value, from, "registries").map(([domain, settings]) => {
      if (!isDomain(domain)) {
        throw bad(
          from,
          `registries has ${JSON.stringify(domain)}, which is no registry`,
          "write it as names of images have it: docker.io, registry.example:5000",
        );
      }
      return [domain, parseSettings(settings, from, `registries[${JSON.stringify(domain)}]`)];
    }),
  );
}

function parseSettings(value: unknown, from: string, at: string): RegistrySettings {
  const settings = Object.fromEntries(
    entries(value, from, at).map(([name, member]) => {
      const read = Object.hasOwn(members, name) ? members[name as keyof RegistrySettings] : undefined;
      if (!read)
        throw bad(from, `${at} has the unknown member ${JSON.stringify(name)}`, didYouMean(name, Object.keys(members)));
      const fail = (problem: string): never => {
        throw bad(from, `${at}.${name} ${problem}`);
      };
      return [name, read(member, fail, dirname(from))];
    }),
  ) as RegistrySettings;
  if ((settings.cert === undefined) !== (settings.key === undefined)) {
    throw bad(from, `${at} has only one of cert and key`, "a client's certificate needs its key");
  }
  return settings;
}

function entries(value: unknown, from: string, at: string): readonly (readonly [string, unknown])[] {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw bad(from, `${at} must be an object`);
  return Object.entries(value);
}

/** An address without what is not one: credentials belong into the credentials file, a query nowhere. */
function mirrorAddress(address: unknown): string | undefined {
  if (typeof address !== "string") return undefined;
  const text = address.includes("://") ? address : `https://${address}`;
  if (!URL.canParse(text)) return undefined;
  const { protocol, host, pathname, username, password, search, hash } = new URL(text);
  const clean = username === "" && password === "" && search === "" && hash === "";
  if (!clean || !/^https?:$/.test(protocol) || !/^(?:\/[\w.-]+)*\/?$/.test(pathname)) return undefined;
  return `${protocol}//${host}${pathname.replace(/\/$/, "")}`;
}

function isDomain(text: string): boolean {
  try {
    return parseReference(`${text}/a/b`).domain === text;
  } catch {
    return false;
  }
}

function bad(from: string, problem: string, hint = "docs/registries.md tells what may stand there"): SlipwayError {
  return new SlipwayError({ code: "SLIP_CONFIG", message: `Cannot use ${from}: ${problem}`, hint });
}
