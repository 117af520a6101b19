import { createHash } from "node:crypto";
import { type Ctx, type Digest, digestOf } from "../base/index.ts";
import type { CopyOp, Vertex } from "../graph/index.ts";
import { InputsChanged, NeedsRun, type Op } from "../solve/index.ts";
import type { FileTree, OpRooms } from "./contract.ts";
import { machinery, snapshotOf } from "./machinery.ts";
import { type ChecksumRequest, type ChecksumResult, checksumSources } from "./tree/checksum.ts";
import type { CopyRequest } from "./tree/copy.ts";
import type { TreeSpec } from "./tree/tree.ts";
import { findUser } from "./users.ts";

/** While only the cache is asked, hashing more than this is left to the build itself, which does it beside the display (bytes). */
const lookupReadLimit = 16 << 20;
/** What is no more than this (bytes and entries) is read and copied on the spot, before a thread would have started. */
const small = { bytes: 4 << 20, entries: 200 };

type Checksum = Exclude<ChecksumResult, undefined>;

/** COPY and ADD: keyed by content, mode and owner of what is copied and by what it is copied onto; never by time or place. */
export function copyOp(op: CopyOp, vertex: Vertex, rooms: OpRooms): Op<FileTree> {
  const paths = op.sources.flatMap((source) => (source.type === "path" ? [source.path] : []));
  const key = (inputs: readonly (Digest | undefined)[]): Digest => digestOf({ op, inputs });
  /** What the content key was made of. */
  let keyed: Checksum | undefined;
  const run = async (inputs: readonly FileTree[], ctx: Ctx): Promise<FileTree> => {
    const { snapshotter } = machinery(rooms);
    await using active = await snapshotter.prepare(snapshotOf(inputs[0]));
    const from = inputs[1];
    const copied = copyInto(op, vertex, await active.root(), { from, isSmall: isSmall(op, keyed) }, rooms);
    if (from?.kind === "context") {
      // Somebody may work in the folder while it is built: what was copied must be what was hashed.
      await copied.catch(() => undefined);
      const now = await sourceChecksum(op, vertex, paths, from, rooms, ctx).catch(() => undefined);
      if (now?.digest !== keyed?.digest)
        throw new InputsChanged(`${contextTree(from).label} changed while it was copied`);
    }
    await copied;
    return { kind: "snapshot", id: (await active.commit()).id };
  };
  if (paths.length === 0) return { role: "step", key, run };
  return {
    role: "step",
    key,
    contentInputs: [1],
    contentKey: async ([base], results, ctx) => {
      const checksum = await sourceChecksum(op, vertex, paths, results.get(1) as FileTree, rooms, ctx);
      keyed = checksum;
      // The paths are part of the checksum as far as they matter: as names in the destination.
      const { sources, ...how } = op;
      const inline = sources.filter(({ type }) => type === "inline");
      return digestOf({ how, inline, checksum: checksum.digest, base });
    },
    run,
  };
}

async function sourceChecksum(
  op: CopyOp,
  vertex: Vertex,
  sources: readonly string[],
  from: FileTree,
  rooms: OpRooms,
  ctx: Ctx,
): Promise<Checksum> {
  const how = { sources, ignoreOwner: op.chown !== undefined, ignoreMode: op.chmod !== undefined };
  if (from.kind === "context") {
    const statCache = rooms.store.path(
      "statcache",
      createHash("sha256").update(from.op.path).digest("hex").slice(0, 32),
    );
    const request = { ...how, tree: contextTree(from), statCache };
    const result = await checksum(request, rooms);
    if (!result) throw new NeedsRun();
    ctx.emit({
      type: "step-progress",
      id: vertex.digest,
      label: "reading files",
      current: result.bytes,
      unit: "bytes",
    });
    return result;
  }
  const { snapshotter } = machinery(rooms);
  if (from.id === undefined) return (await checksum({ ...how, tree: emptyTree(vertex) }, rooms)) as Checksum;
  await using view = await snapshotter.view(from.id);
  const tree = stageTree(await view.root(), vertex);
  return (await checksum({ ...how, tree }, rooms)) as Checksum;
}

async function checksum(request: ChecksumRequest, rooms: OpRooms): Promise<ChecksumResult> {
  if (!rooms.machinery) return checksumSources({ ...request, readLimit: lookupReadLimit });
  const here = checksumSources({ ...request, readLimit: small.bytes, entryLimit: small.entries });
  return here ?? (await rooms.machinery.workers.call("checksumSources", request));
}

/** What ADD unpacks may be larger than what was read. */
function isSmall(op: CopyOp, source: Checksum | undefined): boolean {
  if (op.unpack) return false;
  if (source === undefined) return op.sources.every(({ type }) => type === "inline");
  return source.files <= small.entries && source.bytes <= small.bytes;
}

async function copyInto(
  op: CopyOp,
  vertex: Vertex,
  root: string,
  { from, isSmall }: { readonly from: FileTree | undefined; readonly isSmall: boolean },
  rooms: OpRooms,
): Promise<void> {
  const { snapshotter, squashOwners, workers } = machinery(rooms);
  await using view = from?.kind === "snapshot" && from.id !== undefined ? await snapshotter.view(from.id) : undefined;
  const tree = from?.kind === "context" ? contextTree(from) : view && stageTree(await view.root(), vertex);
  const request: CopyRequest = {
    tree,
    sources: op.sources,
    root,
    destination: op.destination,
    owner: op.chown === undefined ? undefined : findUser(root, op.chown),
    mode: op.chmod === undefined ? undefined : Number.parseInt(op.chmod, 8),
    unpack: op.unpack,
    squashOwners,
  };
  if (isSmall) {
    const { copySources } = await import("./tree/copy.ts");
    await copySources(request);
  } else {
    await workers.call("copySources", request);
  }
}

function contextTree({ op }: FileTree & { kind: "context" }): TreeSpec {
  const label = op.name === "context" ? "the build context" : `the build context ${op.name}`;
  return { root: op.path, ignore: op.ignore, client: true, label };
}

function stageTree(root: string, vertex: Vertex): TreeSpec {
  const stage = vertex.inputs[1]?.origin.stage;
  return { root, ignore: [], client: false, label: stage === undefined ? "the image" : `stage ${stage}` };
}

function emptyTree(vertex: Vertex): TreeSpec {
  return stageTree("/nonexistent", vertex);
}
