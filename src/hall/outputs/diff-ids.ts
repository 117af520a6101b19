import type { Digest } from "../../base/index.ts";
import { writeLayer } from "../../layer/index.ts";
import { knownDiffId } from "./known-diff-id.ts";
import type { Namespace } from "../../sandbox/index.ts";
import type { SnapshotId, Store } from "../../store/index.ts";

/** Layers up to this are done before a thread has started (bytes and entries), and every thread makes forking for a RUN dearer. */
const small = { bytes: 1 << 20, entries: 100 };

/** Digests of snapshots' tars, each computed once even when several ask at the same time. */
export class DiffIds {
  readonly #store: Store;
  readonly #namespace: Namespace;
  readonly #running = new Map<string, Promise<Digest>>();

  constructor(store: Store, namespace: Namespace) {
    this.#store = store;
    this.#namespace = namespace;
  }

  /** @param epoch the latest time that its files may have, in seconds; without it each has its own. */
  async of(id: SnapshotId, epoch?: number): Promise<Digest> {
    const known = knownDiffId(this.#store, id, epoch);
    if (known) return known;
    const key = `${id} ${epoch ?? ""}`;
    let computed = this.#running.get(key);
    if (!computed) {
      computed = this.#compute(id, epoch);
      this.#running.set(key, computed);
    }
    return computed;
  }

  async #compute(id: SnapshotId, epoch: number | undefined): Promise<Digest> {
    const { snapshots } = this.#store;
    const record = snapshots.get(id);
    const isSmall = record !== undefined && record.size <= small.bytes && record.entries <= small.entries;
    const { overlayXattrs } = this.#namespace;
    const layer = { upper: snapshots.folder(id), overlayXattrs, epoch, small: isSmall };
    const { diffId } = await writeLayer({ ...layer, compression: "none" });
    if (epoch === undefined) snapshots.setDiffId(id, diffId);
    else snapshots.setRewritten(id, epoch, diffId);
    return diffId;
  }
}
