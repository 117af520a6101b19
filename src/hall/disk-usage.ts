import { openStore, type UsagePart } from "../store/index.ts";
import type { CommonOptions, DiskUsage, DiskUsageRow } from "./api.ts";

/** What the store takes on the disk, by kind; what nothing else counts is in the row "other". */
export async function diskUsage(options: CommonOptions = {}): Promise<DiskUsage> {
  using store = openStore(options.store);
  const { images, cache, cacheMounts, layerBlobs, otherBlobs, rest, total } = store.du();
  const { debian = 0, runtime = 0, ...others } = rest;
  const other = Object.values(others).reduce((sum, bytes) => sum + bytes, 0);
  return {
    rows: [
      row("images", images),
      row("build cache", cache),
      row("cache mounts", cacheMounts),
      row("layer archives", layerBlobs),
      row("archive cache", { ...otherBlobs, bytes: otherBlobs.bytes + debian }),
      row("runtime", kept(runtime)),
      row("other", kept(other)),
    ],
    total,
  };
}

function row(type: DiskUsageRow["type"], { count, active, bytes, ...free }: UsagePart): DiskUsageRow {
  return { type, count, active, size: bytes, ...free };
}

/** One thing that no prune frees. */
function kept(bytes: number): UsagePart {
  const count = bytes > 0 ? 1 : 0;
  return { count, active: count, bytes, reclaimable: 0, reclaimableWithAll: 0 };
}
