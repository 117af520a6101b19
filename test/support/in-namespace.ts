import { spawn, spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

/** `root`: a mount namespace alone. `sub-ids`: a user namespace with a range of ids. `one-id`: a user namespace with one. */
export type NamespaceKind = "root" | "sub-ids" | "one-id";

const ways: Readonly<Record<NamespaceKind, readonly string[]>> = {
  root: ["-m", "--propagation", "private"],
  "sub-ids": ["-U", "--map-auto", "--map-root-user", "-m"],
  "one-id": ["-U", "--map-root-user", "-m"],
};

/** The best way to mount that this user has here, or undefined when the kernel allows none. */
const namespaceKind: NamespaceKind | undefined = (["root", "sub-ids", "one-id"] as const).find((kind) => {
  if (kind === "root" && process.getuid?.() !== 0) return false;
  return spawnSync("unshare", [...ways[kind], "true"], { stdio: "ignore" }).status === 0;
});

/** For `test.skipIf(whyNoNamespace)`: why nothing can be mounted, or undefined. */
export const whyNoNamespace: string | undefined =
  namespaceKind === undefined ? "this kernel lets this user neither mount nor make a user namespace" : undefined;

/** The attributes that overlayfs can use there: those for openSnapshotter. */
export const overlayXattrs: "trusted" | "user" = namespaceKind === "root" ? "trusted" : "user";

/**
 * Calls an exported function of a module in a child process that is root in a private mount namespace; its mounts vanish with it.
 * The module is no test file: it throws (node:assert) where a test would expect. What goes in and out is JSON.
 * @param module URL of the module: `new URL("./cases.ts", import.meta.url)`.
 * @param kind another way than the best, to try it: `one-id` works for root too.
 */
export function inNamespace(
  module: URL,
  name: string,
  argument: unknown = null,
  kind: NamespaceKind = namespaceKind ?? "root",
): Promise<unknown> {
  const entry = fileURLToPath(new URL("./namespace-child.ts", import.meta.url));
  const child = spawn("unshare", [...ways[kind], process.execPath, entry], {
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  type Reply = { ok: true; value: unknown } | { ok: false; message: string; stack?: string; code?: string };
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code, signal) =>
      reject(new Error(`the process in the namespace ended with ${signal ?? code}`)),
    );
    child.once("message", (reply: Reply) => {
      if (reply.ok) resolve(reply.value);
      else reject(Object.assign(new Error(reply.message), { code: reply.code, stack: reply.stack }));
    });
    child.send({ module: module.href, name, argument });
  });
}
