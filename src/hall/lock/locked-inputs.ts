import {
  type Ctx,
  type Digest,
  isSlipwayError,
  SlipwayError,
  type SourceLocation,
  toSlipwayError,
} from "../../base/index.ts";
import type { Dockerfile } from "../../dockerfile/index.ts";
import type { GitOp, HttpOp, SourceOp } from "../../graph/index.ts";
import { entryKey, entryName, type ImageEntry } from "../../lockfile/index.ts";
import { formatReference, parseReference, type Platform, platformFits } from "../../oci/index.ts";
import type { ImageResolver, InputWatch, PlannedImage } from "../../plan/index.ts";
import { NeedsRun } from "../../solve/index.ts";
import type { Store } from "../../store/index.ts";
import type { BuildOptions } from "../api/api.ts";
import { isAway } from "../bases/bases.ts";
import { basePackagesOf, storedBase } from "../bases/stored-base.ts";
import type { Engine } from "../engine/engine.ts";
import { findImage, findSource, lockedName, sourceName, textsOf } from "./input-names.ts";
import type { ReadLock } from "./lock-place.ts";

/** What a locked build stands on. */
export interface LockedRooms {
  /** Finds images by exact names: those with a digest. */
  readonly resolveImage: ImageResolver;
  readonly store: Store;
  /** Undefined while only the cache may be asked. */
  readonly engine: Engine | undefined;
  readonly options: Pick<BuildOptions, "debianMirror" | "baseImages" | "context">;
  readonly ctx: Ctx;
}

/** A build's inputs as its lock file has them: no tag, no branch and no address is asked what it stands for now. */
export class LockedInputs {
  readonly inputs: InputWatch;
  readonly resolveImage: ImageResolver;
  readonly #lock: ReadLock;
  readonly #rooms: LockedRooms;
  readonly #seen = new Set<string>();

  constructor(lock: ReadLock, rooms: LockedRooms) {
    this.#lock = lock;
    this.#rooms = rooms;
    this.inputs = {
      image: (name, platform, location) => void this.#image(name, platform, location),
      source: (op, location) => this.#source(op, location),
    };
    this.resolveImage = (name, platform) => this.#resolve(this.#image(name, platform), name, platform);
  }

  /** Warns of entries that no line of the Dockerfile uses. Those of other targets, platforms and arguments are used. */
  tellUnused(dockerfile: Dockerfile): void {
    const texts = textsOf(dockerfile);
    const { entries, name } = this.#lock;
    const unused = entries.filter(
      (entry) => !this.#seen.has(entryKey(entry)) && !entry.used.some((text) => texts.has(text)),
    );
    if (unused.length === 0) return;
    this.#rooms.ctx.emit({
      type: "warning",
      message: `${name} has what no line uses: ${unused.map(entryName).join(", ")}`,
      hint: `\`slipway lock ${this.#rooms.options.context}\` takes it out`,
    });
  }

  #image(reference: string, platform: Platform, location?: SourceLocation): ImageEntry {
    const name = lockedName(reference, this.#lock.folder);
    const entry = findImage(this.#lock.entries, name, platform);
    if (!entry) throw this.#unknown(`the image ${name}`, name, location);
    this.#seen.add(entryKey(entry));
    return entry;
  }

  #source(op: SourceOp, location: SourceLocation | undefined): SourceOp {
    if (op.kind === "archive") return op;
    const name = sourceName(op);
    const entry = findSource(this.#lock.entries, op);
    if (!entry) throw this.#unknown(name, name, location);
    this.#seen.add(entryKey(entry));
    return entry.kind === "file"
      ? this.#file(op as HttpOp, entry.digest, location)
      : this.#commit(op as GitOp, (entry as { commit: string }).commit, location);
  }

  #file(op: HttpOp, digest: Digest, location: SourceLocation | undefined): HttpOp {
    const { checksum } = op;
    if (checksum === digest) return op;
    if (checksum !== undefined) throw this.#differs(sourceName(op), `--checksum=${checksum}`, digest, location);
    return { ...op, checksum: digest, checksumFrom: this.#lock.name };
  }

  #commit(op: GitOp, commit: string, location: SourceLocation | undefined): GitOp {
    const { checksum } = op.source;
    if (checksum !== undefined && !commit.startsWith(checksum)) {
      throw this.#differs(sourceName(op), `the checksum ${checksum}`, commit, location);
    }
    return { ...op, source: { ...op.source, checksum: commit, fetchByCommit: true } };
  }

  async #resolve(entry: ImageEntry, name: string, platform: Platform): Promise<PlannedImage> {
    switch (entry.source) {
      case "registry": {
        const { domain, path } = parseReference(name);
        return this.#exact(formatReference({ domain, path, digest: entry.digest }), entry, name, platform);
      }
      case "layout":
        return this.#exact(`${name.replace(/@sha256:[a-f0-9]{64}$/, "")}@${entry.digest}`, entry, name, platform);
      case "store":
        return this.#stored(entry.id, name);
      case "archive":
        return this.#archive(entry, name, platform);
    }
  }

  async #exact(exact: string, entry: ImageEntry, name: string, platform: Platform): Promise<PlannedImage> {
    try {
      return { ...(await this.#rooms.resolveImage(exact, platform)), name };
    } catch (error) {
      if (error instanceof NeedsRun) throw error;
      const { code, message, cause } = toSlipwayError(error);
      // A registry that nobody reaches may well have it.
      if (code !== "SLIP_IMAGE_UNKNOWN" || (isSlipwayError(cause) && isAway(cause))) throw error;
      throw this.#lost(entry, message, error);
    }
  }

  #stored(id: Digest, name: string): PlannedImage {
    const { store } = this.#rooms;
    const image = store.images.get(id);
    if (image && store.images.use(id)) return { id, name, config: image.config, origin: "store" };
    throw new SlipwayError({
      code: "SLIP_LOCK",
      message: `Cannot have ${name} as ${this.#lock.name} has it: the image ${id} was built or loaded elsewhere, and is not in this store`,
      hint: `push it to a registry, name it by that and lock again: \`slipway lock --update ${name} ${this.#rooms.options.context}\``,
    });
  }

  /** A base with the same packages: the one in the store, or one made of the archive as it is now, if that has them. */
  async #archive(entry: ImageEntry & { source: "archive" }, name: string, platform: Platform): Promise<PlannedImage> {
    const { store, engine, options, ctx } = this.#rooms;
    const known = this.#madeOf(entry.packages, name, platform);
    if (known) return known;
    if (options.baseImages === "registry") {
      throw this.#lost(entry, "--base-images=registry excludes the Debian archive");
    }
    if (!engine) throw new NeedsRun();
    const { archiveState, makeArchiveBase } = await import("../bases/archive-base.ts");
    const from = { platform, mirror: options.debianMirror, keyring: engine.keyring, anyAge: true };
    const now = await archiveState(name, from, store, ctx);
    if (now?.packages !== entry.packages) throw this.#moved(entry, name, now);
    const made = await makeArchiveBase(name, { ...from, again: true }, engine, ctx);
    if (made && basePackagesOf(store, made.id) === entry.packages) return made;
    throw this.#moved(entry, name, now);
  }

  #madeOf(packages: Digest, name: string, platform: Platform): PlannedImage | undefined {
    const { store } = this.#rooms;
    const fits = (id: Digest): boolean => basePackagesOf(store, id) === packages && store.images.use(id);
    const named = storedBase(store, name, platform);
    if (named && platformFits(named.config, platform) && fits(named.id)) return named;
    // The name may stand for another state of the archive by now.
    const other = store.images
      .list()
      .find((image) => !image.facts && platformFits(image.config, platform) && fits(image.id));
    return other && { id: other.id, name, config: other.config, origin: "store (archive, by packages)" };
  }

  #moved(
    { release, date, packages }: ImageEntry & { source: "archive" },
    name: string,
    now: { readonly release: string; readonly date: string } | undefined,
  ): SlipwayError {
    const is = now ? `it is ${now.release} of ${now.date}, with other packages` : "it makes no such base";
    return new SlipwayError({
      code: "SLIP_LOCK",
      message: `${name} has moved on: ${this.#lock.name} has the Debian archive as ${release} of ${date} (packages ${packages.slice(0, 19)}), and now ${is}`,
      hint: `a mirror that keeps the archive of that time has them: --debian-mirror, and SLIPWAY_DEBIAN_SECURITY_MIRROR for debian-security; \`slipway lock --update ${name} ${this.#rooms.options.context}\` takes those of now`,
    });
  }

  #unknown(what: string, name: string, location: SourceLocation | undefined): SlipwayError {
    return new SlipwayError({
      code: "SLIP_LOCK",
      message: `${this.#lock.name} does not know ${what}`,
      hint: `\`slipway lock --update ${name} ${this.#rooms.options.context}\` adds it, and leaves all else as it is`,
      location,
    });
  }

  #differs(name: string, said: string, locked: string, location: SourceLocation | undefined): SlipwayError {
    return new SlipwayError({
      code: "SLIP_LOCK",
      message: `The line and ${this.#lock.name} differ about ${name}: ${said} there, ${locked} here`,
      hint: `mend the line, or \`slipway lock --update ${name} ${this.#rooms.options.context}\``,
      location,
    });
  }

  #lost(entry: ImageEntry, why: string, cause?: unknown): SlipwayError {
    const name = entryName(entry);
    return new SlipwayError({
      code: "SLIP_LOCK",
      message: `Cannot have ${name} as ${this.#lock.name} has it: ${why}`,
      hint: `\`slipway lock --update ${name} ${this.#rooms.options.context}\` takes what the name stands for now`,
      cause,
    });
  }
}
