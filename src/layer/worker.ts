import { serve } from "../base/index.ts";
import { type FileSource, type GrowingSource, readFileSource, readGrowingFile } from "./file-source.ts";
import { Inlet } from "./inlet.ts";
import { runUnpack, type UnpackJob } from "./unpack-job.ts";
import { runWrite } from "./write-job.ts";

/** The stream that this thread is fed with; one at a time, because whoever streams has a thread of his own. */
let inlet = new Inlet();

type Source = FileSource | GrowingSource | "stream";

async function unpack({ source, ...job }: UnpackJob & { readonly source: Source }): Promise<unknown> {
  if (source !== "stream") {
    return runUnpack("growth" in source ? readGrowingFile(source) : readFileSource(source), job);
  }
  const own = (inlet = new Inlet());
  try {
    return await runUnpack(own.read(), job);
  } finally {
    own.stop();
  }
}

serve("layer/worker", {
  writeLayer: runWrite,
  unpack,
  chunk: (bytes: Uint8Array) => inlet.push(bytes),
  end: (whole: boolean) => inlet.end(whole),
});
