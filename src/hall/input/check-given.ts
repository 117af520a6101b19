import { closeSync, openSync, readSync, statSync } from "node:fs";
import { SlipwayError } from "../../base/index.ts";
import type { BuildOptions } from "../api/api.ts";

/** Throws SLIP_SECRET before a build begins that could only fail when it needs them. */
export function checkGiven({ secrets = {}, ssh = {} }: Pick<BuildOptions, "secrets" | "ssh">): void {
  for (const [id, source] of Object.entries(secrets)) {
    if ("file" in source && !statSync(source.file, { throwIfNoEntry: false })?.isFile()) {
      throw new SlipwayError({
        code: "SLIP_SECRET",
        message: `Cannot read the secret ${JSON.stringify(id)}: ${JSON.stringify(source.file)} is no file`,
        hint: `give it with --secret id=${id},src=FILE or --secret id=${id},env=NAME`,
      });
    }
  }
  for (const [id, given] of Object.entries(ssh)) {
    if (typeof given !== "string") {
      checkKeys(id, given);
      continue;
    }
    const socket = given;
    if (statSync(socket, { throwIfNoEntry: false })?.isSocket()) continue;
    throw new SlipwayError({
      code: "SLIP_SECRET",
      message: `Cannot reach the ssh agent ${JSON.stringify(id)}: ${JSON.stringify(socket)} is no socket`,
      hint: "start an agent (ssh-agent), which sets SSH_AUTH_SOCK, or name its socket",
    });
  }
}

function checkKeys(id: string, keys: readonly string[]): void {
  for (const key of keys) {
    const stat = statSync(key, { throwIfNoEntry: false });
    if (stat?.isFile()) {
      checkKey(key);
      continue;
    }
    throw new SlipwayError({
      code: "SLIP_SECRET",
      message: `Cannot use ${JSON.stringify(key)} for ssh ${JSON.stringify(id)}: it is ${stat?.isSocket() ? "a socket, and not alone" : "no file"}`,
      hint: `give the socket of one agent, --ssh ${id}=SOCKET, or private keys, --ssh ${id}=KEY,KEY`,
    });
  }
}

/** Its words, whatever the kind: the rest is known to OpenSSH alone. */
function checkKey(path: string): void {
  const head = Buffer.alloc(4096);
  let read: number;
  try {
    const file = openSync(path, "r");
    try {
      read = readSync(file, head);
    } finally {
      closeSync(file);
    }
  } catch (cause) {
    const message = `Cannot read the private key ${path}: ${(cause as Error).message}`;
    throw new SlipwayError({ code: "SLIP_SECRET", message, cause });
  }
  if (/-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----/.test(head.toString("latin1", 0, read))) return;
  throw new SlipwayError({
    code: "SLIP_SECRET",
    message: `Cannot use ${path} as a private key: it is none`,
    hint: "give the file without .pub, or the socket of an agent",
  });
}
