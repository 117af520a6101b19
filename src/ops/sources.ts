import { createHash } from "node:crypto";
import type { Ctx } from "../base/index.ts";
import type { Vertex } from "../graph/index.ts";
import { NeedsRun } from "../solve/index.ts";
import type { FileTree, OpRooms } from "./contract.ts";
import { machinery } from "./machinery.ts";
import { type ChecksumRequest, type ChecksumResult, checksumSources } from "./tree/checksum.ts";
import type { CopyRequest } from "./tree/copy.ts";
import type { TreeSpec } from "./tree/tree.ts";

/** While only the cache is asked, hashing more than this is left to the build itself, which does it beside the display (bytes). */
const lookupReadLimit = 16 << 20;
/** What is no more than this (bytes and entries) is read and copied on the spot, before a thread would have started. */
const small = { bytes: 4 << 20, entries: 200 };

export type Checksum = Exclude<ChecksumResult, undefined>;

/** What a step takes from one of its inputs. */
export interface Taken extends Pick<ChecksumRequest, "sources" | "ignoreOwner" | "ignoreMode"> {
  /** The step, and the input. */
  readonly vertex: Vertex;
  readonly input: number;
  /** For messages; copying without it. */
  readonly verb?: TreeSpec["verb"];
}

/** The digest of what is taken. Throws NeedsRun when only the cache is asked and that is not known at once. */
export async function sourceChecksum(taken: Taken, from: FileTree, rooms: OpRooms, ctx: Ctx): Promise<Checksum> {
  const { sources, ignoreOwner, ignoreMode, vertex } = taken;
  const how = { sources, ignoreOwner, ignoreMode };
  if (from.kind === "context") {
    const statCache = rooms.store.path(
      "statcache",
      createHash("sha256").update(from.op.path).digest("hex").slice(0, 32),
    );
    const request = { ...how, tree: contextTree(from, taken.verb), statCache };
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
  if (from.id === undefined) {
    return (await checksum({ ...how, tree: stageTree("/nonexistent", taken) }, rooms)) as Checksum;
  }
  await using view = await snapshotter.view(from.id);
  const tree = stageTree(await view.root(), taken);
  return (await checksum({ ...how, tree }, rooms)) as Checksum;
}

async function checksum(request: ChecksumRequest, rooms: OpRooms): Promise<ChecksumResult> {
  if (!rooms.machinery) return checksumSources({ ...request, readLimit: lookupReadLimit });
  const here = checksumSources({ ...request, readLimit: small.bytes, entryLimit: small.entries });
  return here ?? (await rooms.machinery.workers.call("checksumSources", request));
}

/** True for so little that it is copied on the spot. */
export function isSmall({ files, bytes }: Checksum): boolean {
  return files <= small.entries && bytes <= small.bytes;
}

/** Copies on the spot, or in a thread. Gives the device nodes that were left out, as copySources does. */
export async function copyFiles(request: CopyRequest, onTheSpot: boolean, rooms: OpRooms): Promise<readonly string[]> {
  if (!onTheSpot) return machinery(rooms).workers.call("copySources", request);
  const { copySources } = await import("./tree/copy.ts");
  return copySources(request);
}

export function contextTree({ op }: FileTree & { kind: "context" }, verb?: TreeSpec["verb"]): TreeSpec {
  const label = op.name === "context" ? "the build context" : `the build context ${op.name}`;
  return { root: op.path, ignore: op.ignore, client: true, label, verb };
}

export function stageTree(root: string, { vertex, input, verb }: Pick<Taken, "vertex" | "input" | "verb">): TreeSpec {
  const stage = vertex.inputs[input]?.origin.stage;
  return { root, ignore: [], client: false, label: stage === undefined ? "the image" : `stage ${stage}`, verb };
}
