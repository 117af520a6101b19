import { serve } from "../base/index.ts";
import { type FileSource, readFileSource } from "./file-source.ts";
import { Inlet } from "./inlet.ts";
import { runUnpack, type UnpackJob } from "./unpack-job.ts";
import { runWrite } from "./write-job.ts";

/** The stream that this thread is fed with; one at a time, because whoever streams has a thread of his own. */
let inlet = new Inlet();

async function unpack({ source, ...job }: UnpackJob & { readonly source: FileSource | "stream" }): Promise<unknown> {
  if (source !== "stream") return runUnpack(readFileSource(source), job);
  const own = (inlet = new Inlet());
  try {
    return await runUnpack(own.read(), job);
  } finally {
    own.stop();
  }
}

serve({
  writeLayer: runWrite,
  unpack,
  chunk: (bytes: Uint8Array) => inlet.push(bytes),
  end: (whole: boolean) => inlet.end(whole),
});
