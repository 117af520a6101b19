import type { Ctx } from "../base/index.ts";
import { writeLayer } from "../layer/index.ts";
import type { ExportResult, FilesExportOptions } from "./contract.ts";
import { OutputFile, outputError } from "./output.ts";

/**
 * Writes a root file system as one tar without layers.
 * @param root a mounted root folder
 * @throws SLIP_OUTPUT; nothing half-written stays
 */
export async function exportTar(
  root: string,
  { dest, epoch }: FilesExportOptions,
  ctx: Pick<Ctx, "signal">,
): Promise<ExportResult> {
  const output = await OutputFile.open(dest);
  try {
    const { size } = await writeLayer({
      upper: root,
      overlayXattrs: "none",
      compression: "none",
      epoch,
      output: { fd: output.fd },
      signal: ctx.signal,
    });
    await output.commit();
    return { location: output.location, size };
  } catch (error) {
    await output.abandon();
    // the thread that writes knows nothing of where to
    throw outputError(output.location, error);
  }
}
