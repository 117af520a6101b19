import { type Ctx, type Digest, toSlipwayError } from "../../base/index.ts";
import type { Platform } from "../../oci/index.ts";
import type { OpRooms } from "../../ops/index.ts";
import type { BuildPlan, PlannedImage } from "../../plan/index.ts";
import type { RegistryClient } from "../../registry/index.ts";
import type { Executor, Namespace } from "../../sandbox/index.ts";
import type { Snapshotter } from "../../snapshot/index.ts";
import type { RemoteLayer, SnapshotId, Store } from "../../store/index.ts";
import type { BuildResult } from "../api/api.ts";
import type { AuditMode } from "../api/base-api.ts";
import type { Output } from "../outputs/output.ts";
import type { OutputsRequest } from "../outputs/outputs.ts";
import type { ClientKind } from "../registry/open-client.ts";
import type { PullRequest } from "../registry/pull-image.ts";
import type { LayersUse } from "../registry/pull-missing.ts";

/** What only the engine process can do. An interface alone, so that a cached build loads none of what is behind it. */
export interface Engine extends AsyncDisposable {
  readonly store: Store;
  readonly namespace: Namespace;
  readonly snapshotter: Snapshotter;
  /** Found on this machine, or brought from the archive, once. */
  executor(ctx: Ctx): Promise<Executor>;
  rooms(ctx: Ctx): OpRooms;
  /** File with the keys that Debian archives must be signed by; undefined for Debian's own. */
  readonly keyring: string | undefined;
  /** From now on what describes a process that runs is kept in memory: its variables may hold secrets. Call it before anything runs. */
  keepOffDisk(): void;
  /**
   * Digest of a snapshot's tar: known, or computed in a thread without writing anything.
   * @param epoch the latest time that its files may have, in seconds; without it each has its own.
   */
  diffIdOf(id: SnapshotId, epoch?: number): Promise<Digest>;
  /**
   * Makes a base image into the store.
   * @param again ask the archive whether it has another than the one that was made of it.
   * @param audit what is done about something in it that cannot work; a warning without it.
   * @returns undefined when the archive makes none of that name. */
  makeBase(
    name: string,
    platform: Platform,
    mirror: string | undefined,
    ctx: Ctx,
    again?: boolean,
    audit?: AuditMode,
  ): Promise<PlannedImage | undefined>;
  /** A client of registries, opened when first asked for; the usual one without a kind. Throws SLIP_CONFIG. */
  registries(how?: ClientKind): Promise<RegistryClient>;
  /** Brings the layers that the snapshots stand on and that are not here, side by side; preparing or viewing one does so too. */
  bringLayers(tops: readonly SnapshotId[]): Promise<void>;
  /** Brings the blob of a layer without unpacking it. */
  bringBlob(layer: RemoteLayer): Promise<void>;
  /** Layers that were wanted in this job and could not be brought. */
  readonly lostLayers: ReadonlySet<SnapshotId>;
  /** Says what the top snapshot of an image is to this job, for the progress of bringing its layers. */
  nameLayers(top: SnapshotId, use: LayersUse): void;
  /** Brings what a name stands for in its registry now into the store, its layers only when `whole` is asked for. */
  pull(request: PullRequest, ctx: Ctx): Promise<PlannedImage>;
  /** Throws SLIP_EMULATION for a step whose programs this machine does not run, with its place. */
  requireEmulation(plans: readonly BuildPlan[], ctx: Ctx): Promise<void>;
  /** Throws, before anything is built, for an output whose receiver is not there. */
  checkReachable(outputs: readonly Output[], ctx: Ctx): Promise<void>;
  writeOutputs(request: OutputsRequest, ctx: Ctx): Promise<BuildResult["outputs"]>;
}

const told = new Set<string>();

/**
 * Ends a step that announce began and that went wrong. Several may fail of one thing, such as a mirror that cannot be reached: the first
 * says it, the others count as cancelled.
 */
export function endFailed(ctx: Ctx, id: string, started: number, error: unknown): void {
  const failure = toSlipwayError(error);
  if (ctx.signal.aborted || failure.code === "SLIP_CANCELLED" || told.has(failure.message)) {
    ctx.emit({ type: "step-cancelled", id });
    return;
  }
  told.add(failure.message);
  ctx.emit({ type: "step-failed", id, duration: Date.now() - started, error: failure.toJSON() });
}

/** Whether a step that announce began has failed with this message. */
export function isTold(message: string): boolean {
  return told.has(message);
}

/** Shows a step that is not part of the Dockerfile. */
export function announce(ctx: Ctx, id: string, text: string): void {
  ctx.emit({ type: "graph", steps: [{ id, text, inputs: [] }], target: "", skippedStages: [] });
  ctx.emit({ type: "step-start", id, time: Date.now() });
}
