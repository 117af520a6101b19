// Makes a base of a small archive in a process of its own, for tests that kill it or fill its disk. Argument: a BaseOrder as JSON.
import { join } from "node:path";
import { toSlipwayError } from "../../src/base/index.ts";
import { makeFromRecipe } from "../../src/debian/distroless/make-from-recipe.ts";
import { writeLayer } from "../../src/layer/index.ts";
import { openSnapshotter } from "../../src/snapshot/index.ts";
import { openStore } from "../../src/store/index.ts";

export interface BaseOrder {
  readonly root: string;
  readonly mirror: string;
  readonly keyring: string;
  readonly packages: readonly string[];
}

/** Its last line of output. */
export interface BaseAnswer {
  readonly diffId?: string;
  readonly code?: string;
  readonly message?: string;
  readonly hint?: string | undefined;
  /** What is wrong with the store afterwards. */
  readonly damage: readonly string[];
}

const { root, mirror, keyring, packages } = JSON.parse(process.argv[2] ?? "") as BaseOrder;
const store = openStore(root);
await store.recover();
const ctx = {
  signal: new AbortController().signal,
  emit: (event: object) => process.stdout.write(`${JSON.stringify(event)}\n`),
};

async function make(): Promise<Omit<BaseAnswer, "damage">> {
  try {
    const made = await makeFromRecipe(
      { name: "test", suite: "bookworm", arch: "amd64", packages, config: { env: {} } },
      { mirror, securityMirror: mirror, keyring, maxAge: 0, owner: "squash", step: "base" },
      {
        cache: { folder: join(root, "debian"), blobs: store.blobs },
        ctx,
        snapshotter: openSnapshotter({ store, overlayXattrs: "user" }),
      },
    );
    const upper = store.snapshots.folder(made.snapshot.id);
    return { diffId: (await writeLayer({ upper, overlayXattrs: "user", compression: "none" })).diffId };
  } catch (error) {
    const { code, message, hint } = toSlipwayError(error);
    return { code, message, hint };
  }
}

const answer = await make();
const damage = await store.verify({ blobs: true }).catch((error: unknown) => [String(error)]);
store[Symbol.dispose]();
process.stdout.write(`${JSON.stringify({ ...answer, damage } satisfies BaseAnswer)}\n`, () => process.exit(0));
