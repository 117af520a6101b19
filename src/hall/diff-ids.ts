import type { Digest } from "../base/index.ts";
import { writeLayer } from "../layer/index.ts";
import type { Namespace } from "../sandbox/index.ts";
import type { SnapshotId, Store } from "../store/index.ts";

/** Layers up to this are done before a thread has started (bytes and entries), and every thread makes forking for a RUN dearer. */
const small = { bytes: 1 << 20, entries: 100 };

/** Digests of snapshots' tars, each computed once even when several ask at the same time. */
export class DiffIds {
  readonly #store: Store;
  readonly #namespace: Namespace;
  readonly #running = new Map<SnapshotId, Promise<Digest>>();

  constructor(store: Store, namespace: Namespace) {
    this.#store = store;
    this.#namespace = namespace;
  }

  async of(id: SnapshotId): Promise<Digest> {
    const record = this.#store.snapshots.get(id);
    if (record?.diffId) return record.diffId;
    let computed = this.#running.get(id);
    if (!computed) {
      computed = this.#compute(
        id,
        record !== undefined && record.size <= small.bytes && record.entries <= small.entries,
      );
      this.#running.set(id, computed);
    }
    return computed;
  }

  async #compute(id: SnapshotId, isSmall: boolean): Promise<Digest> {
    const upper = this.#store.snapshots.folder(id);
    const { overlayXattrs } = this.#namespace;
    const { diffId } = await writeLayer({ upper, overlayXattrs, compression: "none", small: isSmall });
    this.#store.snapshots.setDiffId(id, diffId);
    return diffId;
  }
}
