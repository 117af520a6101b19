import { existsSync, lstatSync } from "node:fs";
import type { Digest } from "../base/index.ts";
import type { Descriptor } from "../oci/index.ts";
import type { SnapshotId, SnapshotRecord, SnapshotRecords } from "./contract.ts";
import { snapshotFolder } from "./snapshot-store.ts";
import { folders, missing, type State } from "./state.ts";
import { blockBytes } from "./tree.ts";
import { moveToTrash } from "./trash.ts";
import { ulid } from "./ulid.ts";
import { writeWithRename } from "./write-with-rename.ts";

/** Where the blob of a layer can be had: a repository (`registry.example/team/app`), or an image layout in a folder. */
export type LayerSource =
  | { readonly kind: "registry"; readonly repository: string }
  | { readonly kind: "layout"; readonly path: string };

/** A committed layer whose folder is not there yet. */
export interface RemoteLayer {
  /** The snapshot that the folder will be of. */
  readonly id: SnapshotId;
  readonly parent: SnapshotId | undefined;
  readonly diffId: Digest;
  /** The layer as it lies there: media type, digest, bytes. */
  readonly blob: Descriptor;
  /** In the order in which they are asked. */
  readonly sources: readonly LayerSource[];
}

export interface NewRemoteLayer extends Omit<RemoteLayer, "id"> {
  /** Milliseconds since the epoch; now if not given. An image that is put together from the layer takes its time from it. */
  readonly created?: number | undefined;
  /** Bytes of its files and number of its entries where they are known; otherwise the blob's bytes stand for them. */
  readonly size?: number | undefined;
  readonly entries?: number | undefined;
}

/** Layers that are somewhere else until their files are needed. */
export interface RemoteLayers {
  /** Records a layer without a folder; it is a snapshot like others. Throws SLIP_STORE when the parent is not in the store. */
  publish(layer: NewRemoteLayer): SnapshotRecord;
  /** Undefined for a layer that is here. Of a snapshot that shares the folder of another, what is known of that one. */
  of(id: SnapshotId): RemoteLayer | undefined;
  /** Where a layer came from or will, also when it is here; undefined for those that were made here. */
  origin(id: SnapshotId): RemoteLayer | undefined;
  /** What is not here of all that a snapshot stands on, in the order in which it can be unpacked; none for most. One look-up then. */
  missing(id: SnapshotId | undefined): readonly RemoteLayer[];
  /** Adds a place where a layer can be had, in front of the others. */
  addSource(id: SnapshotId, source: LayerSource): void;
  /**
   * Publishes the folder of a remote layer: renames `source` (which holds `fs`) in, as one step with the record.
   * A crash of the machine before `settle` makes it a remote layer again.
   * @param found what the folder holds, as measureFolder gives it.
   * @returns false when another process was first: then the caller keeps `source`. Throws SLIP_STORE when the record is gone.
   */
  fill(
    id: SnapshotId,
    source: string,
    found: { readonly size: number; readonly entries: number; readonly disk: number },
  ): boolean;
  /** How many of the layers count with the size of their blob, because nobody has counted their files. */
  uncounted(layers: readonly SnapshotId[]): number;
  /** Bytes of the blobs of an image's layers that are not here; 0 for most. */
  bytesOf(layers: readonly SnapshotId[]): number;
}

interface Row {
  readonly snapshot: SnapshotId;
  readonly media_type: string;
  readonly digest: Digest;
  readonly size: number;
  readonly sources: string;
  readonly boot: string | null;
  readonly parent: SnapshotId | null;
  readonly diff_id: Digest;
}

/** How many places of a layer are remembered. */
const mostSources = 4;

/**
 * A row of `remote_layers` for each. Its `boot` is null while the folder is not there; then it is the boot in which the folder came, and empty when
 * that is settled: after a crash of the machine the layer can be had again where it was (docs/adr/0003-durability.md).
 */
export class RemoteLayerStore implements RemoteLayers {
  readonly #state: State;
  readonly #snapshots: SnapshotRecords;

  constructor(state: State, snapshots: SnapshotRecords) {
    this.#state = state;
    this.#snapshots = snapshots;
  }

  publish({ parent, diffId, blob, sources, created = Date.now(), ...known }: NewRemoteLayer): SnapshotRecord {
    const { db } = this.#state;
    void this.#state.build.id;
    const id = ulid();
    const record = { id, parent, created, size: known.size ?? blob.size, entries: known.entries ?? 0, disk: 0, diffId };
    db.write(() => {
      if (parent !== undefined && !this.#snapshots.use(parent)) throw missing(`the snapshot ${parent}`);
      db.run(
        `INSERT INTO snapshots (id, parent, created, last_used, size, entries, diff_id, boot, disk)
         VALUES (?, ?, ?, ?, ?, ?, ?, NULL, 0)`,
        id,
        parent ?? null,
        created,
        Date.now(),
        record.size,
        record.entries,
        diffId,
      );
      db.run(
        "INSERT INTO remote_layers (snapshot, media_type, digest, size, sources) VALUES (?, ?, ?, ?, ?)",
        id,
        blob.mediaType,
        blob.digest,
        blob.size,
        JSON.stringify(sources.slice(0, mostSources)),
      );
    });
    return record;
  }

  of(id: SnapshotId): RemoteLayer | undefined {
    const row = this.#row(id);
    return row?.boot === null ? layerOf(row) : undefined;
  }

  origin(id: SnapshotId): RemoteLayer | undefined {
    const row = this.#row(id);
    return row && layerOf(row);
  }

  missing(id: SnapshotId | undefined): readonly RemoteLayer[] {
    if (id === undefined || !this.#state.db.get("SELECT 1 FROM remote_layers WHERE boot IS NULL LIMIT 1")) return [];
    const found = new Map<SnapshotId, RemoteLayer>();
    const looked = new Set<SnapshotId>();
    const look = (top: SnapshotId): void => {
      // Whole stacks are longer than what calls may be nested.
      for (const record of this.#snapshots.chain(top)) {
        if (looked.has(record.id)) continue;
        looked.add(record.id);
        const remote = this.of(record.id);
        if (!remote || found.has(remote.id)) continue;
        if (remote.id !== record.id) look(remote.id);
        found.set(remote.id, remote);
      }
    };
    look(id);
    return [...found.values()];
  }

  addSource(id: SnapshotId, source: LayerSource): void {
    const remote = this.origin(id);
    if (!remote) return;
    const own = JSON.stringify(source);
    const others = remote.sources.filter((other) => JSON.stringify(other) !== own);
    if (others.length < remote.sources.length && JSON.stringify(remote.sources[0]) === own) return;
    this.#state.db.run(
      "UPDATE remote_layers SET sources = ? WHERE snapshot = ?",
      JSON.stringify([source, ...others].slice(0, mostSources)),
      remote.id,
    );
  }

  fill(
    id: SnapshotId,
    source: string,
    found: { readonly size: number; readonly entries: number; readonly disk: number },
  ): boolean {
    const { db, root, bootId } = this.#state;
    void this.#state.build.id;
    const target = snapshotFolder(root, id);
    this.#state.path(folders.snapshots, id);
    const disk = found.disk + blockBytes(lstatSync(source));
    return writeWithRename(db, source, target, (rename) => {
      const row = db.get<{ readonly boot: string | null }>("SELECT boot FROM remote_layers WHERE snapshot = ?", id);
      if (!row || row.boot !== null) {
        if (!this.#snapshots.get(id)) throw missing(`the snapshot ${id}`);
        return false;
      }
      // What a crash of the machine left, or a process that was killed before its row was written.
      if (existsSync(target)) moveToTrash(this.#state, target);
      db.run("UPDATE remote_layers SET boot = ? WHERE snapshot = ?", bootId, id);
      this.#resize(id, found, disk);
      rename();
      return true;
    });
  }

  uncounted(layers: readonly SnapshotId[]): number {
    if (!this.#state.db.get("SELECT 1 FROM remote_layers WHERE boot IS NULL LIMIT 1")) return 0;
    return layers.filter((id) => {
      const record = this.#snapshots.get(id);
      return record?.entries === 0 && record.size === this.of(id)?.blob.size;
    }).length;
  }

  bytesOf(layers: readonly SnapshotId[]): number {
    if (!this.#state.db.get("SELECT 1 FROM remote_layers WHERE boot IS NULL LIMIT 1")) return 0;
    return layers.reduce((sum, id) => sum + (this.of(id)?.blob.size ?? 0), 0);
  }

  #row(id: SnapshotId): Row | undefined {
    return this.#state.db.get<Row>(
      `SELECT r.*, s.parent, s.diff_id FROM remote_layers r JOIN snapshots s ON s.id = r.snapshot
       WHERE r.snapshot = (SELECT coalesce(layer, id) FROM snapshots WHERE id = ?)`,
      id,
    );
  }

  /** Now it is known what the files are; all that share the folder, and the images of them, have stood for the size of the blob. */
  #resize(id: SnapshotId, { size, entries }: { readonly size: number; readonly entries: number }, disk: number): void {
    const { db } = this.#state;
    const sharing = db.all<{ readonly id: SnapshotId; readonly size: number }>(
      "SELECT id, size FROM snapshots WHERE id = ?1 OR layer = ?1",
      id,
    );
    for (const { id: one, size: before } of sharing) {
      db.run("UPDATE snapshots SET size = ?, entries = ? WHERE id = ?", size, entries, one);
      db.run(
        "UPDATE images SET size = size + ? WHERE EXISTS (SELECT 1 FROM json_each(images.snapshots) WHERE value = ?)",
        size - before,
        one,
      );
    }
    db.run("UPDATE snapshots SET disk = ?, last_used = ? WHERE id = ?", disk, Date.now(), id);
  }
}

function layerOf(row: Row): RemoteLayer {
  return {
    id: row.snapshot,
    parent: row.parent ?? undefined,
    diffId: row.diff_id,
    blob: { mediaType: row.media_type, digest: row.digest, size: row.size },
    sources: JSON.parse(row.sources) as LayerSource[],
  };
}
