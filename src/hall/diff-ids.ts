import type { Digest } from "../base/index.ts";
import { writeLayer } from "../layer/index.ts";
import type { Namespace } from "../sandbox/index.ts";
import type { SnapshotId, Store } from "../store/index.ts";

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
    const known = this.#store.snapshots.get(id)?.diffId;
    if (known) return known;
    let computed = this.#running.get(id);
    if (!computed) {
      computed = this.#compute(id);
      this.#running.set(id, computed);
    }
    return computed;
  }

  async #compute(id: SnapshotId): Promise<Digest> {
    const upper = this.#store.snapshots.folder(id);
    const { overlayXattrs } = this.#namespace;
    const { diffId } = await writeLayer({ upper, overlayXattrs, compression: "none" });
    this.#store.snapshots.setDiffId(id, diffId);
    return diffId;
  }
}
