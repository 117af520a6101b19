import { type Digest, isDigest, sha256, SlipwayError } from "../base/index.ts";
import {
  bestPlatform,
  defaultPlatform,
  encodeConfig,
  familiarName,
  formatPlatform,
  formatReference,
  type ImageConfig,
  parseReference,
  type Platform,
} from "../oci/index.ts";
import type { BuildFacts, ImageRecord, ImageStore, SnapshotId, SnapshotRecords } from "./contract.ts";
import { missing, type State } from "./state.ts";

interface Row {
  readonly id: Digest;
  readonly config: Uint8Array;
  readonly snapshots: string;
  readonly size: number;
  readonly created: number;
  readonly facts: string | null;
}

/** Images and their names. Names are kept whole (`docker.io/library/debian:latest`) and given as people write them. */
export class ImageTable implements ImageStore {
  readonly #state: State;
  readonly #snapshots: SnapshotRecords;

  constructor(state: State, snapshots: SnapshotRecords) {
    this.#state = state;
    this.#snapshots = snapshots;
  }

  put(record: ImageRecord, config: Uint8Array = encodeConfig(record.config).bytes): void {
    const { db } = this.#state;
    if (sha256(config) !== record.id) {
      throw new SlipwayError({
        code: "SLIP_DIGEST_MISMATCH",
        message: `Cannot store the image ${record.id}: its configuration has the digest ${sha256(config)}`,
      });
    }
    void this.#state.build.id;
    const facts = record.facts === undefined ? null : JSON.stringify(record.facts);
    const snapshots = JSON.stringify(record.snapshots);
    const row = db.get<Row & { last_used: number }>("SELECT * FROM images WHERE id = ?", record.id);
    const same = row?.snapshots === snapshots && row.size === record.size && (facts === null || row.facts === facts);
    // As with every look-up: what was used a moment ago is not written again (ADR 4).
    if (same && !this.#state.isStale(row.last_used)) return;
    db.write(() => {
      this.#checkChain(record);
      db.run(
        `INSERT INTO images (id, config, top, snapshots, size, created, last_used, facts) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT (id) DO UPDATE SET top = excluded.top, snapshots = excluded.snapshots, size = excluded.size,
           last_used = excluded.last_used, facts = coalesce(excluded.facts, facts)`,
        record.id,
        config,
        record.snapshots.at(-1) ?? null,
        snapshots,
        record.size,
        record.created,
        Date.now(),
        facts,
      );
    });
  }

  get(id: Digest): ImageRecord | undefined {
    const row = this.#state.db.get<Row>("SELECT * FROM images WHERE id = ?", id);
    return row && recordOf(row);
  }

  use(id: Digest): boolean {
    const { db, build } = this.#state;
    // Before the look-up: whoever prunes from now on sees this process.
    void build.id;
    const row = db.get<{ readonly top: SnapshotId | null; readonly last_used: number }>(
      "SELECT top, last_used FROM images WHERE id = ?",
      id,
    );
    if (!row || (row.top !== null && !this.#snapshots.use(row.top))) return false;
    if (!this.#state.isStale(row.last_used)) return true;
    return db.run("UPDATE images SET last_used = ? WHERE id = ?", Date.now(), id) > 0;
  }

  config(id: Digest): Uint8Array | undefined {
    return this.#state.db.get<Row>("SELECT config FROM images WHERE id = ?", id)?.config;
  }

  find(text: string, platform?: Platform): ImageRecord | undefined {
    const digits = /^(?:sha256:)?([a-f0-9]{4,64})$/.exec(text)?.[1];
    if (digits?.length === 64) return this.get(`sha256:${digits}`);
    const named = this.named(text);
    if (named.length > 0) return choose(named, platform);
    if (digits === undefined) return undefined;
    const fits = this.#state.db.all<Row>(
      "SELECT * FROM images WHERE id >= ? AND id < ? LIMIT 2",
      `sha256:${digits}`,
      `sha256:${digits}g`,
    );
    if (fits.length > 1) {
      throw new SlipwayError({
        code: "SLIP_IMAGE_UNKNOWN",
        message: `Cannot choose an image for "${text}": several ids begin with it`,
        hint: "give more digits; `slipway images` shows the ids",
      });
    }
    return fits[0] && recordOf(fits[0]);
  }

  named(name: string): readonly ImageRecord[] {
    if (name.startsWith("sha256:")) return [];
    try {
      return this.#holders(formatReference(parseReference(name))).flatMap((id) => this.get(id) ?? []);
    } catch (error) {
      if (error instanceof SlipwayError && error.code === "SLIP_REFERENCE") return [];
      throw error;
    }
  }

  tag(name: string, ...ids: readonly [Digest, ...Digest[]]): Digest | undefined {
    const whole = formatReference(parseReference(name));
    const same = this.#holders(whole);
    const { db } = this.#state;
    const unasked = "SELECT 1 FROM names WHERE name = ? AND asked = 0";
    if (same.length === ids.length && ids.every((id, at) => id === same[at]) && !db.get(unasked, whole)) return same[0];
    return db.write(() => {
      const before = this.#holders(whole);
      this.#give(whole, before, ids, true);
      return before[0];
    });
  }

  tagBeside(name: string, id: Digest, { asked = false }: { readonly asked?: boolean } = {}): void {
    const whole = formatReference(parseReference(name));
    const { db } = this.#state;
    db.write(() => {
      const before = this.#holders(whole);
      const was = db.get("SELECT 1 FROM names WHERE name = ? AND asked = 1", whole) !== undefined;
      const platform = this.get(id)?.config;
      const others = before.filter((other) => {
        const there = this.get(other)?.config;
        return !platform || !there || formatPlatform(there) !== formatPlatform(platform);
      });
      this.#give(whole, before, [...others, id], asked || was);
    });
  }

  untag(name: string, id?: Digest): Digest | undefined {
    const whole = formatReference(parseReference(name));
    return this.#state.db.get<{ image: Digest }>(
      "DELETE FROM names WHERE name = ? AND image = coalesce(?, image) RETURNING image",
      whole,
      id ?? null,
    )?.image;
  }

  names(id: Digest): readonly string[] {
    return this.#state.db
      .all<{ name: string }>("SELECT DISTINCT name FROM names WHERE image = ? ORDER BY name", id)
      .map(({ name }) => familiarName(parseReference(name)));
  }

  list(): readonly ImageRecord[] {
    return this.#state.db.all<Row>("SELECT * FROM images ORDER BY created DESC, id").map(recordOf);
  }

  keepBlobs(id: Digest, digests: readonly Digest[]): void {
    const { db } = this.#state;
    db.write(() => {
      db.run("DELETE FROM image_blobs WHERE image = ?", id);
      for (const digest of new Set(digests)) {
        if (!db.get("SELECT 1 FROM blobs WHERE digest = ?", digest)) throw missing(`the blob ${digest}`);
        db.run("INSERT INTO image_blobs (image, digest) VALUES (?, ?)", id, digest);
      }
    });
  }

  remove(id: Digest): boolean {
    return this.#state.db.run("DELETE FROM images WHERE id = ?", id) > 0;
  }

  #holders(whole: string): readonly Digest[] {
    return this.#state.db
      .all<{ image: Digest }>("SELECT image FROM names WHERE name = ? ORDER BY position", whole)
      .map(({ image }) => image);
  }

  /** Inside a write. */
  #give(whole: string, before: readonly Digest[], ids: readonly Digest[], asked: boolean): void {
    const { db } = this.#state;
    for (const id of ids) if (!db.get("SELECT 1 FROM images WHERE id = ?", id)) throw missing(`the image ${id}`);
    db.run("DELETE FROM names WHERE name = ?", whole);
    for (const [position, id] of ids.entries()) {
      const insert = "INSERT INTO names (name, position, image, asked) VALUES (?, ?, ?, ?)";
      db.run(insert, whole, position, id, asked ? 1 : 0);
    }
    // An image that loses the name may still be in use by whoever just got it.
    for (const id of [...before, ...ids]) db.run("UPDATE images SET last_used = ? WHERE id = ?", Date.now(), id);
  }

  #checkChain(record: ImageRecord): void {
    let below: SnapshotId | undefined;
    for (const id of record.snapshots) {
      if (!this.#snapshots.use(id)) throw missing(`the snapshot ${id} of the image ${record.id}`);
      const parent = this.#snapshots.get(id)?.parent;
      if (parent !== below) {
        throw new SlipwayError({
          code: "SLIP_STORE",
          message: `Cannot store the image ${record.id}: its layer ${id} stands on ${parent ?? "nothing"}, not on ${below ?? "nothing"}`,
        });
      }
      below = id;
    }
  }
}

/** One of the images of a name: of a single one nobody asks for which platform it is. */
function choose(images: readonly ImageRecord[], platform: Platform | undefined): ImageRecord | undefined {
  if (images.length === 1) return images[0];
  const candidates = images.map((image) => ({ image, platform: image.config }));
  const best = bestPlatform(candidates, platform ?? defaultPlatform())?.image;
  return best ?? (platform === undefined ? images[0] : undefined);
}

function recordOf(row: Row): ImageRecord {
  if (!isDigest(row.id)) throw missing(`the image ${String(row.id)}`);
  return {
    id: row.id,
    config: JSON.parse(new TextDecoder().decode(row.config)) as ImageConfig,
    snapshots: JSON.parse(row.snapshots) as SnapshotId[],
    size: row.size,
    created: row.created,
    facts: row.facts === null ? undefined : (JSON.parse(row.facts) as BuildFacts),
  };
}
