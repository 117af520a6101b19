import { createHash } from "node:crypto";
import { join } from "node:path";
import { cancellable, type Ctx, SlipwayError } from "../base/index.ts";
import { shownRemote, withoutPassword } from "../fetch/index.ts";
import type { Vertex } from "../graph/index.ts";
import { NeedsRun } from "../solve/index.ts";
import type { SnapshotId } from "../store/index.ts";
import type { FileTree, OpRooms } from "./contract.ts";
import { machinery } from "./machinery.ts";
import { folderHere } from "./remote/folder-here.ts";
import { sourceLabel } from "./remote/source-label.ts";
import { stepKey } from "./step-key.ts";
import { type ChecksumRequest, type ChecksumResult, checksumSources } from "./tree/checksum.ts";
import type { CopyReport, CopyRequest } from "./tree/copy.ts";
import type { TreeSpec } from "./tree/tree.ts";

/** While only the cache is asked, hashing more than this is left to the build itself, which does it beside the display (bytes). */
const lookupReadLimit = 16 << 20;
/** What is no more than this (bytes and entries) is read and copied on the spot, before a thread would have started. */
const small = { bytes: 4 << 20, entries: 200 };

export type Checksum = Exclude<ChecksumResult, undefined>;

/** What a step takes from one of its inputs. */
export interface Taken extends Omit<
  ChecksumRequest,
  "tree" | "statCache" | "readLimit" | "entryLimit" | "list" | "readOnly" | "cancel"
> {
  /** The step, and the input. */
  readonly vertex: Vertex;
  readonly input: number;
  /** For messages; copying without it. */
  readonly verb?: TreeSpec["verb"];
}

/**
 * The digest of what is taken. Throws NeedsRun when only the cache is asked and that is not known at once.
 * Where lists are collected, what was found is added to the step's.
 */
export async function sourceChecksum(taken: Taken, from: FileTree, rooms: OpRooms, ctx: Ctx): Promise<Checksum> {
  const { digest } = taken.vertex;
  const place = placeOf(taken, from);
  const known = rooms.lists?.get(digest);
  // Once is enough: what was copied is looked at again only to see whether it is still the same.
  const list = rooms.lists !== undefined && known?.[place] === undefined;
  const checksum = await checksumOf(taken, from, list, rooms, ctx);
  if (checksum.list) rooms.lists?.set(digest, { ...rooms.lists.get(digest), [place]: checksum.list });
  return checksum;
}

/** Where something is taken from, as causes name it. What a step takes twice from one place, by patterns and by names, has two. */
function placeOf(taken: Taken, from: FileTree): string {
  const { sources, verb, literal } = taken;
  const place = from.kind === "context" ? contextTree(from).label : (from.fetched ?? stageTree("", taken).label);
  const mounted = verb === "mount" ? ` at ${sources.join(" ") || "/"}` : "";
  return `${place}${mounted}${literal ? "/" : ""}`;
}

async function checksumOf(taken: Taken, from: FileTree, list: boolean, rooms: OpRooms, ctx: Ctx): Promise<Checksum> {
  const { vertex, input: _input, verb: _verb, ...what } = taken;
  const how = { ...what, list, readOnly: rooms.planning === true };
  if (from.kind === "context") {
    const request = { ...how, tree: contextTree(from, taken.verb), statCache: statCachePath(from, rooms) };
    const result = await checksum(request, rooms, ctx);
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
  if (from.fetched !== undefined)
    return fetchedChecksum(taken, { ...from, id: from.id as SnapshotId }, how, rooms, ctx);
  const { snapshotter } = machinery(rooms);
  if (from.id === undefined) {
    return (await checksum({ ...how, tree: stageTree("/nonexistent", taken) }, rooms, ctx)) as Checksum;
  }
  await using view = await snapshotter.view(from.id);
  const tree = stageTree(await view.root(), taken);
  return (await checksum({ ...how, tree }, rooms, ctx)) as Checksum;
}

/**
 * Of a tree that came from elsewhere. Its one layer never changes, so what was once found of it is kept; and it shows all of it, so that nothing has to
 * be mounted, which the caller of a build could not do.
 */
async function fetchedChecksum(
  taken: Taken,
  { id }: { readonly id: SnapshotId },
  how: Omit<ChecksumRequest, "tree">,
  rooms: OpRooms,
  ctx: Ctx,
): Promise<Checksum> {
  const { records } = rooms.store;
  const { list, readOnly, ...what } = how;
  const key = stepKey({ checksumOf: id, ...what });
  const known = list ? undefined : records.get(key);
  if (known) return { digest: known.identity, files: Number.POSITIVE_INFINITY, bytes: Number.POSITIVE_INFINITY };
  const tree = stageTree(await folderHere(id, rooms), taken);
  let result: ChecksumResult;
  try {
    result = await checksum({ ...how, tree }, rooms, ctx);
  } catch (error) {
    // Files of ids that only the engine's user namespace has.
    if (!rooms.machinery && error instanceof SlipwayError && error.code === "SLIP_CONTEXT") throw new NeedsRun();
    throw error;
  }
  if (!result) throw new NeedsRun();
  const identity = result.digest;
  if (!readOnly) records.put({ key, identity, snapshot: id, created: Date.now(), description: tree.label });
  return result;
}

async function checksum(
  request: ChecksumRequest,
  rooms: OpRooms,
  { signal }: Pick<Ctx, "signal">,
): Promise<ChecksumResult> {
  if (rooms.planning) return checksumSources(request);
  if (!rooms.machinery) return checksumSources({ ...request, readLimit: lookupReadLimit });
  const here = checksumSources({ ...request, readLimit: small.bytes, entryLimit: small.entries });
  if (here) return here;
  const { workers } = rooms.machinery;
  return cancellable(signal, (cancel) => workers.call("checksumSources", { ...request, cancel }));
}

/** Where digests of a context's files are kept. */
function statCachePath({ op }: FileTree & { kind: "context" }, { store, planning }: OpRooms): string {
  const name = createHash("sha256").update(op.path).digest("hex").slice(0, 32);
  return planning ? join(store.root, "statcache", name) : store.path("statcache", name);
}

/** True for so little that it is copied on the spot. */
export function isSmall({ files, bytes }: Checksum): boolean {
  return files <= small.entries && bytes <= small.bytes;
}

/** Copies on the spot, or in a thread, as copySources does. */
export async function copyFiles(
  request: CopyRequest,
  onTheSpot: boolean,
  rooms: OpRooms,
  { signal }: Pick<Ctx, "signal">,
): Promise<CopyReport> {
  if (!onTheSpot) {
    const { workers } = machinery(rooms);
    return cancellable(signal, (cancel) => workers.call("copySources", { ...request, cancel }));
  }
  const { copySources } = await import("./tree/copy.ts");
  return copySources(request);
}

export function contextTree({ op }: FileTree & { kind: "context" }, verb?: TreeSpec["verb"]): TreeSpec {
  const label = op.name === "context" ? "the build context" : `the build context ${op.name}`;
  return { root: op.path, ignore: op.ignore, client: true, label, verb };
}

export function stageTree(root: string, { vertex, input, verb }: Pick<Taken, "vertex" | "input" | "verb">): TreeSpec {
  return { root, ignore: [], client: false, label: treeLabel(vertex.inputs[input]), verb };
}

/** For messages: what the files of a vertex are to a step that takes them. */
function treeLabel(from: Vertex | undefined): string {
  if (from?.op.kind === "git") return sourceLabel(from.op.context, shownRemote(from.op.source.remote));
  if (from?.op.kind === "http") return sourceLabel(from.op.context, withoutPassword(from.op.url));
  if (from?.op.kind === "archive") return sourceLabel(from.op.context);
  return from?.origin.stage === undefined ? "the image" : `stage ${from.origin.stage}`;
}
