import type { Digest } from "../base/index.ts";
import type { KeyNote, KeyNotes } from "./contract.ts";
import type { Database } from "./database.ts";
import type { State } from "./state.ts";

interface Row {
  readonly key: Digest;
  readonly place: string;
  readonly position: number;
  readonly text: string;
  readonly made: number;
  readonly why: string;
  readonly parts: Uint8Array | null;
  readonly gone: string | null;
}

/** Notes of this place or text that are looked at: those of the latest changes. */
const nearest = 24;
/** Notes that outlive their records, to tell what was pruned from what was never there. */
const keptGone = 2000;

/** What the keys of steps that ran were made of. A note loses its parts with its record, and is then kept for a while as a trace. */
export class KeyNoteStore implements KeyNotes {
  readonly #state: State;

  constructor(state: State) {
    this.#state = state;
  }

  get(key: Digest): KeyNote | undefined {
    const row = this.#state.db.get<Row>("SELECT * FROM key_notes WHERE key = ?", key);
    return row && noteOf(row);
  }

  near(place: string, text: string): readonly KeyNote[] {
    return this.#state.db
      .all<Row>(
        `SELECT * FROM key_notes WHERE (place = ? OR text = ?) AND parts IS NOT NULL
         ORDER BY place = ? DESC, made DESC LIMIT ${nearest}`,
        place,
        text,
        place,
      )
      .map(noteOf);
  }
}

/** Part of the transaction that writes the record. */
export function writeNote(db: Database, { key, place, position, text, made, why, parts }: KeyNote): void {
  db.run(
    "INSERT OR REPLACE INTO key_notes (key, place, position, text, made, why, parts) VALUES (?, ?, ?, ?, ?, ?, ?)",
    key,
    place,
    position,
    text,
    made,
    why,
    parts === undefined ? null : pack(parts),
  );
}

/** Forgets the oldest traces of what is gone. */
export function trimNotes(db: Database): void {
  db.run(
    `DELETE FROM key_notes WHERE parts IS NULL AND made <
       (SELECT made FROM key_notes WHERE parts IS NULL ORDER BY made DESC LIMIT 1 OFFSET ${keptGone})`,
  );
}

function noteOf({ parts, gone, ...row }: Row): KeyNote {
  return { ...row, parts: parts === null ? undefined : unpack(parts), gone: gone ?? undefined };
}

// Not by import: a build that the cache answers loads no zlib.
const zlib = () => process.getBuiltinModule("node:zlib");

function pack(parts: unknown): Uint8Array {
  return zlib().deflateRawSync(JSON.stringify(parts));
}

function unpack(bytes: Uint8Array): unknown {
  return JSON.parse(zlib().inflateRawSync(bytes).toString("utf8")) as unknown;
}
