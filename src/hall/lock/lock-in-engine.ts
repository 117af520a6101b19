import { type Ctx, SlipwayError, type SourceLocation, toSlipwayError } from "../../base/index.ts";
import { type Dockerfile, stages } from "../../dockerfile/index.ts";
import { type GitOp, type HttpOp, vertex } from "../../graph/index.ts";
import { openOciLayout, parseLayoutReference } from "../../import/index.ts";
import { entryKey, type FileEntry, type GitEntry, type ImageEntry, type LockEntry } from "../../lockfile/index.ts";
import { formatPlatform, parseReference, type Platform } from "../../oci/index.ts";
import { Answers, heardCommit, heardFile, opFor, type OpRooms } from "../../ops/index.ts";
import { defaultPath, type InputWatch, type PlannedImage } from "../../plan/index.ts";
import type { LockOptions, LockPlace } from "../api/lock-api.ts";
import { archiveState } from "../bases/archive-base.ts";
import { isArchiveName, isAway } from "../bases/bases.ts";
import { layoutBase } from "../bases/layout-base.ts";
import { storedBase } from "../bases/stored-base.ts";
import { planFrom } from "../build/build-with.ts";
import { announce, endFailed, type Engine } from "../engine/engine.ts";
import type { Prepared } from "../engine/protocol.ts";
import { transferCtx } from "../registry/transfer-events.ts";
import { findImage, findSource, lockedName, placeOf, sourceName } from "./input-names.ts";

/** An entry without the lines that use it. */
type Bare<E extends LockEntry> = E extends LockEntry ? Omit<E, "used"> : never;
type NewEntry = Bare<LockEntry>;

/** What the engine is told of a lock. */
export interface LockJob extends Prepared<LockOptions> {
  /** The folder of the lock file. */
  readonly folder: string;
  /** Entries that are taken as they are. */
  readonly kept: readonly LockEntry[];
}

export interface LockAnswer {
  readonly entries: readonly LockEntry[];
  /** By the keys of entries. */
  readonly places: Readonly<Record<string, readonly LockPlace[]>>;
}

/**
 * Looks up all that lines of a Dockerfile take from elsewhere: those of all stages, or of what the target needs. No layer of an image is fetched; files
 * and commits are, and stay in the store.
 * @throws what planning throws, with the place; SLIP_NETWORK, SLIP_GIT, SLIP_UNAUTHORIZED, SLIP_REGISTRY, SLIP_IMAGE_UNKNOWN, SLIP_VERIFY
 */
export async function lockInEngine(job: LockJob, engine: Engine, ctx: Ctx): Promise<LockAnswer> {
  const given = { secrets: job.secrets ?? {}, ssh: job.ssh ?? {} };
  const rooms: OpRooms = { ...engine.rooms(ctx), given, answers: new Answers(job.said) };
  const found = new Inputs(job, engine, rooms, ctx);
  // Checks and notes of a build have their place in a build.
  const quiet: Ctx = { ...ctx, emit: () => undefined };
  let dockerfile: Dockerfile | undefined;
  for (const target of job.target === undefined ? ["0"] : [job.target]) {
    ({ dockerfile } = await planFrom({ ...job, target }, rooms, found.resolveImage, quiet, found.inputs));
  }
  if (!dockerfile) throw new Error("a Dockerfile without stages was planned");
  if (job.target === undefined) {
    for (const { index } of stages(dockerfile).stages.slice(1)) {
      await planFrom({ ...job, target: String(index) }, rooms, found.resolveImage, quiet, found.inputs);
    }
  }
  return found.answer(dockerfile);
}

/** All that was seen while planning, looked up once each. */
class Inputs {
  readonly inputs: InputWatch;
  readonly #job: LockJob;
  readonly #engine: Engine;
  readonly #rooms: OpRooms;
  readonly #ctx: Ctx;
  readonly #images = new Map<string, Promise<{ readonly image: PlannedImage; readonly entry: Bare<ImageEntry> }>>();
  readonly #sources = new Map<string, HttpOp | GitOp>();
  readonly #lines: { readonly of: string; readonly location: SourceLocation }[] = [];

  constructor(job: LockJob, engine: Engine, rooms: OpRooms, ctx: Ctx) {
    this.#job = job;
    this.#engine = engine;
    this.#rooms = rooms;
    this.#ctx = ctx;
    this.inputs = {
      image: (name, platform, location) => void this.#lines.push({ of: imageKey(name, platform), location }),
      source: (op, location) => {
        if (op.kind === "archive") return op;
        const name = sourceName(op);
        this.#sources.set(name, op);
        if (location) this.#lines.push({ of: name, location });
        return op;
      },
    };
  }

  readonly resolveImage = async (name: string, platform: Platform): Promise<PlannedImage> => {
    const key = imageKey(name, platform);
    const known = this.#images.get(key);
    if (known) return (await known).image;
    const looked = this.#told(`lock ${key}`, `look up ${name}`, async (step) => {
      const found = await this.#lookUp(name, platform, step);
      return { found, note: noteOf(found.entry) };
    });
    this.#images.set(key, looked);
    return (await looked).image;
  };

  async answer(dockerfile: Dockerfile): Promise<LockAnswer> {
    const entries = new Map<string, NewEntry>();
    const used = new Map<string, Map<string, LockPlace>>();
    const add = (entry: NewEntry, of: string): void => {
      const key = entryKey({ ...entry, used: [] });
      entries.set(key, entry);
      const places = used.get(key) ?? new Map<string, LockPlace>();
      for (const line of this.#lines) {
        if (line.of !== of) continue;
        const place = placeOf(dockerfile, line.location);
        places.set(`${place.line} ${place.text}`, place);
      }
      used.set(key, places);
    };
    for (const [key, image] of this.#images) add((await image).entry, key);
    for (const [name, op] of this.#sources) add(await this.#sourceEntry(name, op), name);
    const places = Object.fromEntries(
      [...used].map(([key, found]) => [key, [...found.values()].toSorted((a, b) => a.line - b.line)]),
    );
    return {
      entries: [...entries].map(([key, entry]): LockEntry => ({
        ...entry,
        used: [...new Set(places[key]?.map(({ text }) => text))],
      })),
      places,
    };
  }

  async #sourceEntry(name: string, op: HttpOp | GitOp): Promise<Bare<FileEntry> | Bare<GitEntry>> {
    const kept = findSource(this.#job.kept, op);
    if (kept) return withoutUsed(kept) as Bare<FileEntry> | Bare<GitEntry>;
    return this.#told(`lock ${name}`, `look up ${name}`, async (step) => {
      const ctx: Ctx = {
        ...this.#ctx,
        emit: (event) => this.#ctx.emit(event.type === "step-progress" ? { ...event, id: step } : event),
      };
      await opFor(vertex(op, [], { text: name }), this.#rooms).run([], ctx);
      const answers = this.#rooms.answers ?? new Answers();
      const found = op.kind === "http" ? fileEntry(name, op, answers) : gitEntry(op, answers);
      return { found, note: found.kind === "file" ? found.digest.slice(0, 19) : found.commit.slice(0, 12) };
    });
  }

  async #lookUp(
    name: string,
    platform: Platform,
    step: string,
  ): Promise<{ readonly image: PlannedImage; readonly entry: Bare<ImageEntry> }> {
    const { store } = this.#engine;
    const { kept, folder, baseImages = "auto" } = this.#job;
    const locked = lockedName(name, folder);
    const old = findImage(kept, locked, platform);
    const layout = parseLayoutReference(name);
    if (layout) {
      const image = await layoutBase(name, platform, store, this.#engine, this.#ctx);
      const digest = openOciLayout(layout.folder).find(layout).digest;
      return { image: image as PlannedImage, entry: old ?? { kind: "image", name: locked, source: "layout", digest } };
    }
    const known = storedBase(store, name, platform);
    const own = known?.origin === "store" ? known : undefined;
    if (old?.source === "archive")
      return { image: archiveImage(name, platform, old.packages), entry: withoutUsed(old) };
    if (old?.source === "store" && own) return { image: own, entry: withoutUsed(old) };
    // What was built here is what a build uses; nobody else has it.
    if (own && !name.includes("@")) {
      const made = {
        kind: "image",
        name: locked,
        source: "store",
        platform: formatPlatform(platform),
        id: own.id,
      } as const;
      return { image: own, entry: made };
    }
    const fromArchive = baseImages !== "registry" && (await isArchiveName(name, baseImages));
    if (baseImages !== "archive" || !fromArchive) {
      try {
        const digest = old?.source === "registry" ? old.digest : undefined;
        return await this.#fromRegistry(name, locked, platform, digest, fromArchive, step);
      } catch (error) {
        if (!fromArchive || !isAway(error)) throw error;
      }
    }
    const { keyring } = this.#engine;
    const state = await archiveState(name, { platform, mirror: this.#job.debianMirror, keyring }, store, this.#ctx);
    if (!state) throw new SlipwayError({ code: "SLIP_IMAGE_UNKNOWN", message: `The Debian archive makes no ${name}` });
    const entry = {
      kind: "image",
      name: locked,
      source: "archive",
      platform: formatPlatform(platform),
      ...state,
    } as const;
    return { image: archiveImage(name, platform, state.packages), entry };
  }

  async #fromRegistry(
    name: string,
    locked: string,
    platform: Platform,
    digest: (ImageEntry & { source: "registry" })["digest"] | undefined,
    hasOther: boolean,
    step: string,
  ): Promise<{ readonly image: PlannedImage; readonly entry: Bare<ImageEntry> }> {
    const client = await this.#engine.registries(hasOther ? "impatient" : "patient");
    const reference = parseReference(name);
    const exact = digest === undefined ? reference : { ...reference, digest };
    const { indexes, manifest, config } = await client.image(
      exact,
      platform,
      transferCtx(step, "downloading", this.#ctx),
      "any-platform",
    );
    const found = (indexes[0] ?? manifest).descriptor.digest;
    const origin = `registry ${reference.domain} ${found}`;
    return {
      image: { id: config.descriptor.digest, name, config: config.value, origin },
      entry: { kind: "image", name: locked, source: "registry", digest: found },
    };
  }

  /** Shows what is looked up as a step. */
  async #told<T>(
    step: string,
    text: string,
    action: (step: string) => Promise<{ readonly found: T; readonly note: string }>,
  ): Promise<T> {
    const started = Date.now();
    announce(this.#ctx, step, text);
    try {
      const { found, note } = await action(step);
      this.#ctx.emit({ type: "step-done", id: step, duration: Date.now() - started, note });
      return found;
    } catch (error) {
      endFailed(this.#ctx, step, started, error);
      throw toSlipwayError(error);
    }
  }
}

function imageKey(name: string, platform: Platform): string {
  return `${name} ${formatPlatform(platform)}`;
}

function withoutUsed<E extends LockEntry>({ used: _used, ...entry }: E): Bare<E> {
  return entry as unknown as Bare<E>;
}

function noteOf(entry: Bare<ImageEntry>): string {
  switch (entry.source) {
    case "archive":
      return `${entry.release} of ${entry.date.slice(0, 10)}`;
    case "store":
      return `in the store, ${entry.id.slice(0, 19)}`;
    default:
      return entry.digest.slice(0, 19);
  }
}

function fileEntry(url: string, op: HttpOp, answers: Answers): Bare<FileEntry> {
  const digest = heardFile(op, answers);
  if (digest === undefined) throw new Error(`nothing was heard of ${url}`);
  return { kind: "file", url, digest };
}

function gitEntry(op: GitOp, answers: Answers): Bare<GitEntry> {
  const commit = heardCommit(op, answers);
  if (commit === undefined) throw new Error(`nothing was heard of ${op.source.remote}`);
  const [remote = ""] = sourceName(op).split("#");
  return { kind: "git", remote, ref: op.source.ref, commit };
}

/** A base as the archive will make it, so far as planning needs to know it. */
function archiveImage(name: string, platform: Platform, packages: PlannedImage["id"]): PlannedImage {
  const config = { Env: [`PATH=${defaultPath}`], Cmd: ["bash"] };
  const rootfs = { type: "layers", diff_ids: [] } as const;
  return { id: packages, name, origin: "Debian archive", config: { ...platform, config, rootfs } };
}
