import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { onTestFinished } from "vitest";
import { testClient, testCtx } from "./client.ts";
import { type FakeOptions, fakeRegistry, type FakeRegistry } from "./fake-registry.ts";
import { bytesOf, imageOf } from "./images.ts";

export const users = { anna: "se:cret ü" };
export const basic: FakeOptions = { auth: { type: "basic", users } };
export const bearer: FakeOptions = { auth: { type: "bearer", users } };
export const refreshing: FakeOptions = { auth: { type: "bearer", users, refresh: true } };
export const base64 = (text: string): string => Buffer.from(text).toString("base64");

/** A registry that asks for credentials, and a home for the files that may hold them. */
export interface Lab {
  readonly folder: string;
  /** docker's file. */
  readonly file: string;
  readonly env: NodeJS.ProcessEnv;
  readonly registry: FakeRegistry;
}

export async function lab(options: FakeOptions, config?: object): Promise<Lab> {
  const registry = await fakeRegistry(options);
  const folder = mkdtempSync(join(tmpdir(), "slipway-login-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const env = {
    DOCKER_CONFIG: join(folder, "docker"),
    HOME: folder,
    PATH: process.env["PATH"],
    STORE: join(folder, "secrets"),
  };
  const file = join(folder, "docker/config.json");
  if (config) {
    mkdirSync(dirname(file));
    writeFileSync(file, JSON.stringify(config), { mode: 0o644 });
  }
  return { folder, file, env, registry };
}

export const read = (file: string): unknown => JSON.parse(readFileSync(file, "utf8"));

/** A helper program that keeps secrets in a folder, a file a registry. */
export function addHelper({ folder, env }: Lab, name: string, script = keeper): void {
  const bin = join(folder, "bin");
  mkdirSync(bin, { recursive: true });
  mkdirSync(env["STORE"] ?? "", { recursive: true });
  writeFileSync(join(bin, `docker-credential-${name}`), script);
  chmodSync(join(bin, `docker-credential-${name}`), 0o755);
  env["PATH"] = `${bin}:${process.env["PATH"]}`;
}

const keeper = `#!/bin/sh
echo "$1" >> "$STORE/calls"
input=$(cat)
key() { printf %s "$1" | sed 's/.*"ServerURL":"\\([^"]*\\)".*/\\1/' | tr -c 'A-Za-z0-9' '_'; }
case $1 in
store) printf %s "$input" > "$STORE/$(key "$input")" ;;
get) cat "$STORE/$(key "$input")" 2>/dev/null || { echo "credentials not found in native keychain"; exit 1; } ;;
erase) rm -f "$STORE/$(key "$input")" ;;
esac
`;

export const push = ({ registry, env }: Lab, ctx = testCtx()): Promise<void> =>
  testClient({ env }).push(registry.reference("a/b"), imageOf([bytesOf("x", 10)]).content, ctx);
