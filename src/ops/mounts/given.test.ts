import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { mkdtempSync, rmSync } from "node:fs";
import type { Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import type { OpRooms } from "../contract.ts";
import { openSecret, type Vault } from "./secret.ts";
import { openSsh } from "./ssh.ts";

const noVault: Vault = {
  folder: () => {
    throw new Error("nothing is to be kept");
  },
};
const rooms = { given: { secrets: {}, ssh: {} } } as unknown as OpRooms;

test.each(["constructor", "__proto__", "toString"])(
  "a secret or agent %s that nobody gave is not there",
  async (id) => {
    const secret = { type: "secret", id, target: "/run/secrets/x", env: "X" } as const;
    expect(openSecret({ ...secret, required: false }, 0, noVault, rooms)).toEqual({ mounts: [], env: [] });
    expect(() => openSecret({ ...secret, required: true }, 0, noVault, rooms)).toThrow("it was not given");
    const agent = { type: "ssh", id, target: "/run/agent" } as const;
    await using stack = new AsyncDisposableStack();
    expect(await openSsh({ ...agent, required: false }, 0, noVault, rooms, stack)).toEqual({ mounts: [], env: [] });
    await expect(openSsh({ ...agent, required: true }, 0, noVault, rooms, stack)).rejects.toThrow("it was not given");
  },
);

test("an agent's socket outlives connections that cannot be taken", async () => {
  const folder = mkdtempSync(join(tmpdir(), "slipway-ssh-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const servers: Server[] = [];
  const listened = "tracing:net.server.listen:asyncStart";
  const keep = (message: unknown): void => void servers.push((message as { readonly server: Server }).server);
  subscribe(listened, keep);
  onTestFinished(() => void unsubscribe(listened, keep));
  const given = { given: { secrets: {}, ssh: { default: "/run/agent" } }, machinery: { squashOwners: true } };
  const mount = { type: "ssh", id: "default", target: "/run/a", required: true } as const;
  await using stack = new AsyncDisposableStack();
  await openSsh(mount, 0, { folder: () => folder }, given as unknown as OpRooms, stack);
  expect(servers).toHaveLength(1);
  // As Node tells that the process has as many open files as it may have.
  for (let many = 0; many < 3; many++) servers[0]?.emit("error", new Error("accept EMFILE"));
});
