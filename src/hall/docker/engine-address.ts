import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { SlipwayError } from "../../base/index.ts";

/** Where a Docker Engine listens. */
export interface EngineAddress {
  /** As docker writes it: `unix:///var/run/docker.sock`, `tcp://host:2376`. */
  readonly name: string;
  readonly to:
    | { readonly socketPath: string }
    | { readonly host: string; readonly port: number; readonly tls: EngineTls | undefined };
}

/** Certificates as PEM. */
export interface EngineTls {
  readonly ca?: Buffer | undefined;
  readonly cert?: Buffer | undefined;
  readonly key?: Buffer | undefined;
  readonly verify: boolean;
}

const usual = "unix:///var/run/docker.sock";

/**
 * The engine that docker's client would talk to: that of a context asked for, of DOCKER_HOST, of DOCKER_CONTEXT or of the context in
 * docker's config.json, or else the usual socket.
 * @throws SLIP_CONFIG for a context that there is not, SLIP_UNSUPPORTED for an engine reached by ssh
 */
export function engineAddress(env: NodeJS.ProcessEnv, context?: string): EngineAddress {
  const host = env["DOCKER_HOST"];
  if (context === undefined && host) return parseHost(host, tlsOfVariables(env));
  const folder = env["DOCKER_CONFIG"] || join(env["HOME"] || homedir(), ".docker");
  const named = context ?? (env["DOCKER_CONTEXT"] || currentContext(folder));
  if (named === undefined || named === "" || named === "default") {
    return host ? parseHost(host, tlsOfVariables(env)) : parseHost(usual, undefined);
  }
  return contextAddress(named, folder);
}

function currentContext(folder: string): string | undefined {
  try {
    const { currentContext: name } = JSON.parse(readFileSync(join(folder, "config.json"), "utf8"));
    return typeof name === "string" ? name : undefined;
  } catch {
    return undefined;
  }
}

/** A context as docker's client stores it: folders by the digest of its name. */
function contextAddress(name: string, folder: string): EngineAddress {
  const id = createHash("sha256").update(name).digest("hex");
  const file = join(folder, "contexts/meta", id, "meta.json");
  let endpoint: { readonly Host?: unknown; readonly SkipTLSVerify?: unknown } | undefined;
  try {
    endpoint = JSON.parse(readFileSync(file, "utf8"))?.Endpoints?.docker;
  } catch (cause) {
    const message = `Cannot use the docker context "${name}": ${(cause as Error).message}`;
    throw new SlipwayError({ code: "SLIP_CONFIG", message, hint: "`docker context ls` lists those there are", cause });
  }
  if (typeof endpoint?.Host !== "string") {
    throw new SlipwayError({
      code: "SLIP_CONFIG",
      message: `Cannot use the docker context "${name}": it names no engine`,
    });
  }
  const tls = join(folder, "contexts/tls", id, "docker");
  return parseHost(endpoint.Host, existsSync(tls) ? readTls(tls, endpoint.SkipTLSVerify !== true) : undefined);
}

/** DOCKER_TLS_VERIFY asks for verified certificates, DOCKER_TLS for any; both lie in DOCKER_CERT_PATH, or in docker's folder. */
function tlsOfVariables(env: NodeJS.ProcessEnv): EngineTls | undefined {
  const verify = Boolean(env["DOCKER_TLS_VERIFY"]);
  if (!verify && !env["DOCKER_TLS"]) return undefined;
  const folder = env["DOCKER_CERT_PATH"] || env["DOCKER_CONFIG"] || join(env["HOME"] || homedir(), ".docker");
  return readTls(folder, verify);
}

function readTls(folder: string, verify: boolean): EngineTls {
  const read = (name: string): Buffer | undefined => {
    const file = join(folder, name);
    return existsSync(file) ? readFileSync(file) : undefined;
  };
  return { ca: read("ca.pem"), cert: read("cert.pem"), key: read("key.pem"), verify };
}

function parseHost(text: string, tls: EngineTls | undefined): EngineAddress {
  const socket = /^unix:\/\/(\/.+)$/.exec(text)?.[1];
  if (socket !== undefined) return { name: text, to: { socketPath: socket } };
  const address = /^(?:tcp|https?):\/\//.test(text) && URL.canParse(text.replace(/^tcp/, "http"));
  if (address) {
    const { protocol, hostname, port } = new URL(text.replace(/^tcp/, "http"));
    const secure = tls ?? (protocol === "https:" ? { verify: true } : undefined);
    const host = hostname.replace(/^\[|\]$/g, "");
    return { name: text, to: { host, port: port === "" ? (secure ? 2376 : 2375) : Number(port), tls: secure } };
  }
  throw new SlipwayError({
    code: "SLIP_UNSUPPORTED",
    message: `Cannot talk to the Docker Engine at ${text}`,
    hint: "unix:// and tcp:// are spoken; forward the socket (ssh -L), or write an archive: --output type=docker,dest=FILE",
  });
}
