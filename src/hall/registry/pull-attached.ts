import { type Ctx, type Digest, SlipwayError, toSlipwayError } from "../../base/index.ts";
import { attachedLimits, isAttestationType, referrerOf, subjectOf } from "../../import/index.ts";
import {
  type Descriptor,
  type Document,
  type Index,
  parseManifest,
  parseReference,
  type Reference,
} from "../../oci/index.ts";
import type { RegistryClient, RegistryCtx } from "../../registry/index.ts";
import type { Store } from "../../store/index.ts";
import { type KeptDocument, knownAttached, noteAttached } from "../outputs/came-attached.ts";
import { forgetIndex, noteIndex } from "./known-blobs.ts";

export interface AttachedRequest {
  /** As it was asked for. */
  readonly name: string;
  readonly repository: Pick<Reference, "domain" | "path">;
  /** What the name stands for: an index, or the manifest. */
  readonly root: Digest;
  readonly id: Digest;
  /** The image's manifest. */
  readonly manifest: Digest;
  /**
   * The indexes that led to it, outermost first; asked for only when they are not known from before. Undefined when the name stands for the same
   * image in another manifest: then nothing is changed.
   */
  readonly indexes: () => Promise<readonly Document<Index>[] | undefined>;
}

/** A registry has so long to say what refers to an image (milliseconds): the image does not wait for it. */
const patience = 5000;

/**
 * Brings the attestations of an image that is pulled: those that its index lists beside it, and those that refer to it (distribution-spec, "Listing
 * Referrers"). They stay with the image, and leave with it as they came. What cannot be brought is left behind with one warning.
 * @throws SLIP_CANCELLED alone
 */
export async function pullAttached(
  request: AttachedRequest,
  client: RegistryClient,
  store: Store,
  ctx: Ctx,
): Promise<void> {
  const { id, manifest, root, name } = request;
  const registry: RegistryCtx = { signal: ctx.signal, emit: () => undefined };
  const bringer = new Bringer(request, client, store, registry);
  const known = knownAttached(manifest, store);
  // Whoever asks for the manifest by its digest gives it no name, and takes nothing from the name that led to it through an index.
  const isSame = known?.root === root || (root === manifest && parseReference(name).digest !== undefined);
  const same = known && isSame && (await allThere(known.documents, store)) ? known : undefined;
  const documents: KeptDocument[] = same?.documents.filter(({ how }) => how === "index") ?? [];
  if (!same) {
    const asked = await bringer.attempt(async () => ({ indexes: await request.indexes() }));
    if (asked && !asked.indexes) return;
    const indexes = asked?.indexes;
    const own = indexes?.at(-1)?.value.manifests.filter((one) => subjectOf(one) === manifest) ?? [];
    documents.push(...(await bringer.bring("index", own)));
    const [index, ...deeper] = indexes ?? [];
    if (index && deeper.length === 0) noteIndex([id], index, store);
    else forgetIndex(id, store);
  }
  // What could not be brought is asked for again the next time.
  const isWhole = bringer.problems.length === 0;
  const referrers = await bringer.bring("referrer", await bringer.referrers());
  // Others may refer to it elsewhere, or did: what is here is kept.
  const before = known?.documents.filter(({ how }) => how === "referrer") ?? [];
  const added = before.filter(
    ({ descriptor: { digest } }) => !referrers.some((one) => one.descriptor.digest === digest),
  );
  documents.push(...referrers, ...((await allThere(added, store)) ? added : []));
  noteAttached(id, manifest, { documents, root: isWhole ? (same?.root ?? root) : undefined }, store);
  const [reason, ...more] = bringer.problems;
  if (reason === undefined) return;
  ctx.emit({
    type: "warning",
    message: `Attestations of ${name} stay behind: ${reason}${more.length > 0 ? ` (and ${more.length} more)` : ""}`,
    hint: "the image itself is whole; what is pushed or saved of it goes without them",
  });
}

async function allThere(documents: readonly KeptDocument[], store: Store): Promise<boolean> {
  for (const { descriptor, blobs } of documents) {
    for (const { digest } of [descriptor, ...blobs]) if (!(await store.blobs.stat(digest))) return false;
  }
  return true;
}

/** Brings documents about one image, no more than `attachedLimits` allow in all. */
class Bringer {
  readonly problems: string[] = [];
  readonly #request: AttachedRequest;
  readonly #client: RegistryClient;
  readonly #store: Store;
  readonly #ctx: RegistryCtx;
  #bytes: number = attachedLimits.bytes;
  #documents: number = attachedLimits.documents;

  constructor(request: AttachedRequest, client: RegistryClient, store: Store, ctx: RegistryCtx) {
    this.#request = request;
    this.#client = client;
    this.#store = store;
    this.#ctx = ctx;
  }

  /** Gives what the action gives; a failure is a problem to tell of. */
  async attempt<T>(action: () => Promise<T>): Promise<T | undefined> {
    try {
      return await action();
    } catch (error) {
      const failure = toSlipwayError(error);
      if (this.#ctx.signal.aborted) throw failure;
      this.problems.push(failure.message);
      return undefined;
    }
  }

  /** What the registry lists as attestations that refer to the image. */
  async referrers(): Promise<readonly Descriptor[]> {
    const { repository, manifest } = this.#request;
    const late = AbortSignal.timeout(patience);
    const ctx = { ...this.#ctx, signal: AbortSignal.any([this.#ctx.signal, late]) };
    const all = await this.attempt(async () => {
      try {
        return await this.#client.referrers({ ...repository, digest: manifest }, ctx);
      } catch (error) {
        if (!late.aborted) throw error;
        throw problem(`${repository.domain} did not say within ${patience / 1000} s what refers to it`);
      }
    });
    return (all ?? []).filter(({ artifactType }) => isAttestationType(artifactType));
  }

  async bring(how: KeptDocument["how"], descriptors: readonly Descriptor[]): Promise<readonly KeptDocument[]> {
    const found: KeptDocument[] = [];
    for (const descriptor of new Map(descriptors.map((one) => [one.digest, one])).values()) {
      const one = await this.attempt(() => this.#bringOne(how, descriptor));
      if (one) found.push(one);
    }
    return found;
  }

  async #bringOne(how: KeptDocument["how"], descriptor: Descriptor): Promise<KeptDocument> {
    if (this.#documents-- <= 0) throw problem(`there are more than ${attachedLimits.documents}`);
    const bytes = await this.#manifest(descriptor);
    const { config, layers } = parseManifest(bytes);
    if (how === "referrer" && referrerOf(bytes).subject !== this.#request.manifest) {
      throw problem(`${descriptor.digest} is listed as one, and refers to something else`);
    }
    if (layers.length >= attachedLimits.blobs) throw problem(`${descriptor.digest} names ${layers.length} layers`);
    const blobs = [config, ...layers];
    for (const blob of blobs) this.#take(blob);
    const done = await Promise.allSettled(blobs.map((blob) => this.#blob(blob)));
    for (const one of done) if (one.status === "rejected") throw one.reason;
    return { how, descriptor, blobs };
  }

  async #manifest(descriptor: Descriptor): Promise<Uint8Array> {
    const { blobs } = this.#store;
    const { digest, size } = descriptor;
    this.#take(descriptor);
    if (!(await this.#isHere(descriptor))) {
      const { bytes } = await this.#client.manifest({ ...this.#request.repository, digest }, this.#ctx);
      if (bytes.byteLength !== size) throw problem(`${digest} has ${bytes.byteLength} bytes instead of ${size}`);
      await blobs.write(once(bytes), descriptor);
      return bytes;
    }
    const chunks: Uint8Array[] = [];
    for await (const chunk of blobs.read(digest)) chunks.push(chunk);
    return Buffer.concat(chunks);
  }

  async #blob(descriptor: Descriptor): Promise<void> {
    const { blobs } = this.#store;
    if (await this.#isHere(descriptor)) return;
    const { repository } = this.#request;
    await this.#client.blob(repository, descriptor, (bytes) => blobs.write(bytes, descriptor), this.#ctx);
  }

  /** Throws when it is, with another size than was counted. */
  async #isHere({ digest, size }: Descriptor): Promise<boolean> {
    const there = await this.#store.blobs.stat(digest);
    if (there && there.size !== size) throw problem(`${digest} has ${there.size} bytes instead of ${size}`);
    return there !== undefined;
  }

  /** Counts bytes before anything of them is asked for. */
  #take({ digest, size }: Descriptor): void {
    if (size > this.#bytes) {
      throw problem(`${digest} has ${size} bytes, and ${attachedLimits.bytes} is the most that is kept for an image`);
    }
    this.#bytes -= size;
  }
}

function problem(message: string): SlipwayError {
  return new SlipwayError({ code: "SLIP_OCI_INVALID", message });
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
