import { openStore, type PastEviction, type UsagePart } from "../../store/index.ts";
import type { CommonOptions, DiskUsage, DiskUsageRow } from "../api/api.ts";
import { readStorageLimit } from "../config/storage-config.ts";

/** What the store takes on the disk, by kind; what nothing else counts is in the row "other". */
export async function diskUsage(options: CommonOptions = {}): Promise<DiskUsage> {
  using store = openStore(options.store);
  const { images, cache, failedSteps, cacheMounts, layerBlobs, otherBlobs, remade, rest, total } = store.du();
  const { debian = 0, runtime = 0, ...others } = rest;
  const other = Object.values(others).reduce((sum, bytes) => sum + bytes, 0);
  return {
    rows: [
      row("images", images),
      row("build cache", cache),
      row("failed steps", failedSteps),
      row("cache mounts", cacheMounts),
      row("layer archives", layerBlobs),
      row(
        "archive cache",
        joined(
          joined({ ...otherBlobs, bytes: otherBlobs.bytes + debian }, remade["debian/indexes"]),
          remade["debian/unpacked"],
        ),
      ),
      row("runtime", kept(runtime)),
      row("other", joined(kept(other), remade["statcache"])),
    ],
    total,
    limit: readStorageLimit(),
  };
}

/** What was evicted to keep the store within its limit, latest first; the latest 500. */
export async function evictions(options: CommonOptions = {}): Promise<readonly PastEviction[]> {
  using store = openStore(options.store);
  return store.evictions();
}

function row(type: DiskUsageRow["type"], { count, active, bytes, ...free }: UsagePart): DiskUsageRow {
  return { type, count, active, size: bytes, ...free };
}

/** A part with the bytes of files that belong to it and are not counted one by one. */
function joined(part: UsagePart, files: UsagePart | undefined): UsagePart {
  if (!files) return part;
  return {
    ...part,
    bytes: part.bytes + files.bytes,
    reclaimable: part.reclaimable + files.reclaimable,
    reclaimableWithAll: part.reclaimableWithAll + files.reclaimableWithAll,
  };
}

/** One thing that no prune frees. */
function kept(bytes: number): UsagePart {
  const count = bytes > 0 ? 1 : 0;
  return { count, active: count, bytes, reclaimable: 0, reclaimableWithAll: 0 };
}
