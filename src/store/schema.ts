/**
 * The database's layout, one step a version (`PRAGMA user_version` counts them). A step that was released is never changed.
 * Times are milliseconds since the epoch. `boot` is the boot id under which a row was written, and null once what it stands
 * for was brought onto the disk; a row of another boot was lost with the machine (docs/adr/0003-durability.md).
 * `disk` is null in rows that are older than the column, and of a cache mount until its first user has ended.
 */
export const migrations: readonly string[] = [
  `
  CREATE TABLE snapshots (
    id TEXT PRIMARY KEY,
    parent TEXT REFERENCES snapshots (id),
    created INTEGER NOT NULL,
    last_used INTEGER NOT NULL,
    size INTEGER NOT NULL,
    entries INTEGER NOT NULL,
    diff_id TEXT,
    boot TEXT
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX snapshots_parent ON snapshots (parent);
  CREATE INDEX snapshots_unsettled ON snapshots (boot) WHERE boot IS NOT NULL;

  CREATE TABLE records (
    key TEXT PRIMARY KEY,
    identity TEXT NOT NULL,
    snapshot TEXT NOT NULL REFERENCES snapshots (id) ON DELETE CASCADE,
    created INTEGER NOT NULL,
    last_used INTEGER NOT NULL,
    description TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX records_snapshot ON records (snapshot);

  CREATE TABLE images (
    id TEXT PRIMARY KEY,
    config BLOB NOT NULL,
    top TEXT REFERENCES snapshots (id),
    snapshots TEXT NOT NULL,
    size INTEGER NOT NULL,
    created INTEGER NOT NULL,
    last_used INTEGER NOT NULL,
    facts TEXT
  ) STRICT;
  CREATE INDEX images_top ON images (top);

  CREATE TABLE names (
    name TEXT PRIMARY KEY,
    image TEXT NOT NULL REFERENCES images (id) ON DELETE CASCADE
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX names_image ON names (image);

  CREATE TABLE blobs (
    digest TEXT PRIMARY KEY,
    media_type TEXT NOT NULL,
    size INTEGER NOT NULL,
    created INTEGER NOT NULL,
    last_used INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE layer_blobs (
    diff_id TEXT NOT NULL,
    compression TEXT NOT NULL,
    level INTEGER NOT NULL,
    digest TEXT NOT NULL REFERENCES blobs (digest) ON DELETE CASCADE,
    size INTEGER NOT NULL,
    PRIMARY KEY (diff_id, compression, level)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX layer_blobs_digest ON layer_blobs (digest);

  CREATE TABLE facts (
    key TEXT PRIMARY KEY,
    image TEXT REFERENCES images (id) ON DELETE CASCADE,
    value TEXT NOT NULL
  ) STRICT;
  CREATE INDEX facts_image ON facts (image);

  CREATE TABLE locks (
    name TEXT PRIMARY KEY,
    holder TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  `,
  `
  ALTER TABLE snapshots ADD COLUMN disk INTEGER;
  `,
  `
  CREATE TABLE cache_mounts (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    key TEXT NOT NULL,
    created INTEGER NOT NULL,
    last_used INTEGER NOT NULL,
    disk INTEGER
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX cache_mounts_key ON cache_mounts (key);

  CREATE TABLE cache_mount_uses (
    id TEXT PRIMARY KEY,
    mount TEXT NOT NULL REFERENCES cache_mounts (id) ON DELETE CASCADE,
    holder TEXT NOT NULL,
    exclusive INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX cache_mount_uses_mount ON cache_mount_uses (mount);
  `,
  // `parts` is null once the record is gone: then the note tells that there was one.
  `
  CREATE TABLE key_notes (
    key TEXT PRIMARY KEY,
    place TEXT NOT NULL,
    position INTEGER NOT NULL,
    text TEXT NOT NULL,
    made INTEGER NOT NULL,
    why TEXT NOT NULL,
    parts BLOB
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX key_notes_place ON key_notes (place);
  CREATE INDEX key_notes_text ON key_notes (text);
  CREATE INDEX key_notes_gone ON key_notes (made) WHERE parts IS NULL;
  CREATE TRIGGER key_notes_record AFTER DELETE ON records BEGIN
    UPDATE key_notes SET parts = NULL WHERE key = OLD.key;
  END;

  CREATE TABLE failed_steps (
    snapshot TEXT PRIMARY KEY REFERENCES snapshots (id) ON DELETE CASCADE,
    created INTEGER NOT NULL,
    state TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;

  ALTER TABLE cache_mounts ADD COLUMN used_by TEXT;
  `,
  // A name stands for an image of each platform that it was built for; `position` is their order. `rewritten_layers` has the digests of
  // layers whose times end at an epoch (seconds).
  `
  ALTER TABLE names RENAME TO names_of_one;
  CREATE TABLE names (
    name TEXT NOT NULL,
    position INTEGER NOT NULL,
    image TEXT NOT NULL REFERENCES images (id) ON DELETE CASCADE,
    PRIMARY KEY (name, position)
  ) STRICT, WITHOUT ROWID;
  INSERT INTO names (name, position, image) SELECT name, 0, image FROM names_of_one;
  DROP TABLE names_of_one;
  CREATE INDEX names_of_image ON names (image);

  CREATE TABLE rewritten_layers (
    snapshot TEXT NOT NULL REFERENCES snapshots (id) ON DELETE CASCADE,
    epoch INTEGER NOT NULL,
    diff_id TEXT NOT NULL,
    PRIMARY KEY (snapshot, epoch)
  ) STRICT, WITHOUT ROWID;
  `,
  // `layer` names the snapshot whose folder this one is too, over another parent; null where it has its own.
  `
  ALTER TABLE snapshots ADD COLUMN layer TEXT REFERENCES snapshots (id);
  CREATE INDEX snapshots_layer ON snapshots (layer) WHERE layer IS NOT NULL;
  `,
  // Layers that came from elsewhere, or will: `sources` is JSON. `boot` is null until the folder is there, and empty once that is settled.
  `
  CREATE TABLE remote_layers (
    snapshot TEXT PRIMARY KEY REFERENCES snapshots (id) ON DELETE CASCADE,
    media_type TEXT NOT NULL,
    digest TEXT NOT NULL,
    size INTEGER NOT NULL,
    sources TEXT NOT NULL,
    boot TEXT
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX remote_layers_missing ON remote_layers (snapshot) WHERE boot IS NULL;
  `,
  // A name that a person gave or asked for (1) keeps its image from evictions; that of a base that a build brought (0) does not.
  // `gone` says more of why a record is gone than that it was pruned.
  `
  ALTER TABLE names ADD COLUMN asked INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE key_notes ADD COLUMN gone TEXT;

  CREATE TABLE evictions (
    id INTEGER PRIMARY KEY,
    time INTEGER NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    last_used INTEGER NOT NULL,
    cap TEXT NOT NULL
  ) STRICT;
  `,
  // Records that came with a cache from elsewhere, and what such caches promise of definitions whose results they do not have.
  `
  CREATE TABLE record_sources (
    key TEXT PRIMARY KEY REFERENCES records (key) ON DELETE CASCADE,
    source TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE promised_identities (
    definition TEXT PRIMARY KEY,
    identity TEXT NOT NULL,
    made INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX promised_identities_made ON promised_identities (made);
  `,
  // A layer's blob that nobody could make again (1): it came in, and its folder would give other bytes.
  `
  ALTER TABLE layer_blobs ADD COLUMN irreplaceable INTEGER NOT NULL DEFAULT 0;
  `,
  // Blobs that stay for as long as an image does: what is attached to it.
  `
  CREATE TABLE image_blobs (
    image TEXT NOT NULL REFERENCES images (id) ON DELETE CASCADE,
    digest TEXT NOT NULL REFERENCES blobs (digest) ON DELETE CASCADE,
    PRIMARY KEY (image, digest)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX image_blobs_digest ON image_blobs (digest);
  `,
];
