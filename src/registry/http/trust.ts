import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { createSecureContext, rootCertificates, type SecureContext } from "node:tls";
import { SlipwayError } from "../../base/index.ts";
import type { RegistrySettings } from "../config.ts";

export interface Trust {
  readonly secureContext: SecureContext;
  readonly rejectUnauthorized: boolean;
}

/** Where Linux distributions keep the authorities of the machine, as one file. */
const bundles = [
  "/etc/ssl/certs/ca-certificates.crt",
  "/etc/pki/tls/certs/ca-bundle.crt",
  "/etc/ssl/ca-bundle.pem",
  "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
  "/etc/ssl/cert.pem",
];

/** Whom to trust. Reading the machine's authorities takes tens of milliseconds: hosts with nothing of their own share one result. */
export class Trusts {
  readonly #env: NodeJS.ProcessEnv;
  #shared: Promise<SecureContext> | undefined;

  constructor(env: NodeJS.ProcessEnv) {
    this.#env = env;
  }

  /**
   * Whom to trust as that host, and who we are to it. Authorities: those of SSL_CERT_FILE and SSL_CERT_DIR, else the machine's, else those
   * that Node brings; always those of NODE_EXTRA_CA_CERTS, of the host's folder in docker's or podman's certs.d, and of the settings.
   * @param host with its port, as the folders are named.
   * @throws SLIP_CONFIG for a file that was named and cannot be used
   */
  async of(host: string, settings: RegistrySettings): Promise<Trust> {
    const folder = await certsFolder(host, this.#env);
    const named = settings.ca ?? [];
    const own = settings.cert !== undefined && settings.key !== undefined;
    const client = own ? [settings.cert, settings.key] : (folder.client ?? []);
    const plain = named.length === 0 && folder.authorities.length === 0 && client.length === 0;
    const rejectUnauthorized = settings.insecure !== true;
    try {
      if (plain) return { secureContext: await (this.#shared ??= contextOf(this.#env, [], [])), rejectUnauthorized };
      const authorities = [...(await Promise.all(named.map(readNamed))), ...folder.authorities];
      return {
        secureContext: await contextOf(this.#env, authorities, await Promise.all(client.map(readNamed))),
        rejectUnauthorized,
      };
    } catch (cause) {
      if (cause instanceof SlipwayError) throw cause;
      throw unusable(`the certificates for ${host}`, cause);
    }
  }
}

async function contextOf(
  env: NodeJS.ProcessEnv,
  more: readonly string[],
  [cert, key]: readonly string[],
): Promise<SecureContext> {
  const extra = await Promise.all((filled(env["NODE_EXTRA_CA_CERTS"]) ?? []).map(readNamed));
  return createSecureContext({
    ca: [...(await machineAuthorities(env)), ...extra, ...more],
    ...(cert !== undefined && key !== undefined && { cert, key }),
  });
}

async function machineAuthorities(env: NodeJS.ProcessEnv): Promise<readonly string[]> {
  const [files, folders] = [filled(env["SSL_CERT_FILE"]), filled(env["SSL_CERT_DIR"])];
  if (files || folders) {
    const inFolders = await Promise.all((folders ?? []).flatMap((list) => list.split(":")).map(certificatesIn));
    return [...(await Promise.all((files ?? []).map(readNamed))), ...inFolders.flat()];
  }
  for (const bundle of bundles) {
    const text = await readIfThere(bundle);
    if (text !== undefined) return [text];
  }
  return rootCertificates;
}

interface HostCertificates {
  readonly authorities: readonly string[];
  readonly client?: readonly string[];
}

/** The first folder that there is: `*.crt` are authorities, `*.cert` and `*.key` of one name the client's (docker, "certs.d"). */
async function certsFolder(host: string, env: NodeJS.ProcessEnv): Promise<HostCertificates> {
  const configured = filled(env["XDG_CONFIG_HOME"])?.[0] ?? join(env["HOME"] ?? "/root", ".config");
  const places = [join(configured, "containers/certs.d"), "/etc/containers/certs.d", "/etc/docker/certs.d"];
  for (const place of places) {
    const folder = join(place, host);
    const names = await namesIn(folder);
    if (names === undefined) continue;
    const client = names.find((name) => name.endsWith(".cert") && names.includes(`${name.slice(0, -5)}.key`));
    const authorities = names.filter((name) => name.endsWith(".crt"));
    return {
      authorities: await Promise.all(authorities.map((name) => readNamed(join(folder, name)))),
      ...(client !== undefined && { client: [join(folder, client), join(folder, `${client.slice(0, -5)}.key`)] }),
    };
  }
  return { authorities: [] };
}

/** All certificates of a folder; its links by hash name files of the same folder. */
async function certificatesIn(folder: string): Promise<readonly string[]> {
  const names = ((await namesIn(folder)) ?? []).filter((name) => /\.(?:pem|crt|cer)$/.test(name));
  const texts = await Promise.all(names.map((name) => readIfThere(join(folder, name))));
  return texts.filter((text) => text !== undefined && text.includes("BEGIN CERTIFICATE")) as readonly string[];
}

async function namesIn(folder: string): Promise<readonly string[] | undefined> {
  try {
    return (await readdir(folder)).sort();
  } catch (cause) {
    if (isMissing(cause)) return undefined;
    throw unusable(folder, cause);
  }
}

async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, "utf8");
  } catch (cause) {
    if (isMissing(cause)) return undefined;
    throw unusable(file, cause);
  }
}

async function readNamed(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (cause) {
    throw unusable(file, cause);
  }
}

function isMissing(cause: unknown): boolean {
  const { code } = cause as NodeJS.ErrnoException;
  return code === "ENOENT" || code === "ENOTDIR";
}

function filled(text: string | undefined): readonly string[] | undefined {
  return text === undefined || text === "" ? undefined : [text];
}

function unusable(what: string, cause: unknown): SlipwayError {
  return new SlipwayError({
    code: "SLIP_CONFIG",
    message: `Cannot read ${what}: ${(cause as Error).message}`,
    hint: "certificates and keys are PEM files that this user may read; see docs/registries.md",
    cause,
  });
}
