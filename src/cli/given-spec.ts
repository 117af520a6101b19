import { statSync } from "node:fs";
import { resolve } from "node:path";
import type { BuildOptions } from "../index.ts";
import { cut, usage } from "./args.ts";
import { csvFields } from "./csv.ts";

type Secrets = NonNullable<BuildOptions["secrets"]>;

/**
 * `--secret id=ID[,src=FILE][,env=NAME][,type=file|env]`, each; without a source the variable of that name, else the file (docker
 * buildx, "--secret"). The last of an id counts.
 */
export function parseSecrets(given: readonly string[], env: NodeJS.ProcessEnv): Secrets {
  return Object.fromEntries(given.map((text) => parseSecret(text, env)));
}

function parseSecret(text: string, env: NodeJS.ProcessEnv): readonly [string, Secrets[string]] {
  const fields: Record<string, string> = {};
  for (const [name, value] of csvFields("--secret", text)) {
    const key = name.trim().toLowerCase();
    if (!["id", "src", "source", "env", "type"].includes(key) || value === undefined) {
      throw usage(`Invalid field "${name}" in --secret ${text}`, "write id=ID,src=FILE or id=ID,env=NAME");
    }
    fields[key === "source" ? "src" : key] = value;
  }
  const { id, src, type } = fields;
  if (!id) throw usage(`No id in --secret ${text}`, "write id=ID,src=FILE or id=ID,env=NAME");
  if (type !== undefined && type !== "file" && type !== "env") {
    throw usage(`Unknown type "${type}" in --secret ${text}`, "one of: file, env");
  }
  const variable = fields["env"] ?? (type === "env" ? (src ?? id) : undefined);
  if (variable !== undefined) return [id, { env: variable }];
  if (src === undefined && type === undefined && env[id] !== undefined) return [id, { env: id }];
  return [id, { file: resolve(src ?? id) }];
}

/**
 * `--ssh ID[=SOCKET|KEYFILE,KEYFILE...]`, each; without a path the agent in SSH_AUTH_SOCK (docker buildx, "--ssh"). What is no socket
 * counts as a private key.
 */
export function parseAgents(given: readonly string[], env: NodeJS.ProcessEnv): NonNullable<BuildOptions["ssh"]> {
  return Object.fromEntries(
    given.map((text) => {
      const [id, path] = cut(text);
      if (id === "") throw usage(`Invalid value "${text}" for --ssh`, "write default, or ID=SOCKET");
      const paths = (path ?? "").split(",").filter((one) => one !== "");
      if (paths.length > 1) return [id, paths.map((one) => resolve(one))];
      const socket = paths[0] ?? env["SSH_AUTH_SOCK"];
      if (!socket)
        throw usage(`No ssh agent for --ssh ${text}: SSH_AUTH_SOCK is not set`, `start one, or write ${id}=SOCKET`);
      const answers = resolve(socket);
      return [id, statSync(answers, { throwIfNoEntry: false })?.isFile() ? [answers] : answers];
    }),
  );
}
