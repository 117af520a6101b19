import { type Bytes, cancellable, WorkerPool } from "../base/index.ts";
import type { ExtractTarOptions, UnpackLayerOptions, Unpacked, WriteLayerOptions, WrittenLayer } from "./contract.ts";

let shared: WorkerPool | undefined;

/**
 * Writes a folder of changes as an OCI layer (image-spec, layer.md): entries sorted by the bytes of their names, the same bytes for the
 * same folder whenever and wherever it is written. Whiteouts become `.wh.` entries; sockets and overlayfs' own attributes are left out; the
 * root folder itself has no entry.
 * @throws SLIP_LAYER_INVALID for what a layer cannot say (a file whose name begins with `.wh.`, a file that shrinks while it is read)
 */
export async function writeLayer(options: WriteLayerOptions): Promise<WrittenLayer> {
  const { signal, small, growth, ...rest } = options;
  const job = { ...rest, ...(growth && { growth: growth.shared }) };
  if (small) {
    const { runWrite } = await import("./write-job.ts");
    return runWrite(job);
  }
  return cancellable(signal, (cancel) => pool().call<WrittenLayer>("writeLayer", { ...job, cancel }));
}

/**
 * Unpacks a layer into an overlay upper folder, the reverse of writeLayer. Nothing outside the folder is touched, whatever the archive says.
 * @throws SLIP_LAYER_INVALID for a malformed or hostile archive, SLIP_DIGEST_MISMATCH; what was unpacked until then stays
 */
export function unpackLayer(options: UnpackLayerOptions): Promise<Unpacked> {
  return unpack("layer", options);
}

/**
 * Unpacks an archive into an ordinary root folder as tar does there: links to folders are followed, a folder of the archive where there is a link
 * to a folder keeps the link, what is replaced is removed first. Whiteouts are files like others.
 * @throws SLIP_LAYER_INVALID for a malformed or hostile archive; what was unpacked until then stays
 */
export function extractTar(options: ExtractTarOptions): Promise<Unpacked> {
  return unpack("plain", options);
}

async function unpack(kind: "layer" | "plain", options: UnpackLayerOptions | ExtractTarOptions): Promise<Unpacked> {
  const { signal, source, ...rest } = options;
  const job = { ...rest, kind };
  const given = "cancel" in options ? options.cancel : undefined;
  if (typeof source === "object" && "growth" in source) {
    const growing = { fd: source.fd, growth: source.growth.shared };
    const stop = (): void => source.growth.end(false);
    signal?.addEventListener("abort", stop, { once: true });
    try {
      return await cancellable(signal, (cancel = given) => pool().call("unpack", { ...job, source: growing, cancel }));
    } finally {
      signal?.removeEventListener("abort", stop);
    }
  }
  if (typeof source === "string" || "file" in source) {
    const file = typeof source === "string" ? { file: source, offset: 0, length: undefined } : source;
    return cancellable(signal, (cancel = given) => pool().call<Unpacked>("unpack", { ...job, source: file, cancel }));
  }
  return cancellable(signal, async (cancel = given) => {
    // a stream needs one thread that keeps what it has read so far
    using own = new WorkerPool("layer/worker", { size: 1, isOwn: true });
    const result = own.call<Unpacked>("unpack", { ...job, source: "stream", cancel });
    // it is waited for below; until then it must not count as unhandled
    result.catch(() => undefined);
    await feed(own, source);
    return await result;
  });
}

/** Hands the chunks over, each when the thread has taken the one before. */
async function feed(own: WorkerPool, source: Bytes): Promise<void> {
  let whole = false;
  try {
    for await (const chunk of source) {
      // a view of a larger buffer would take all of that along
      const alone = chunk.byteLength === chunk.buffer.byteLength ? chunk : new Uint8Array(chunk);
      if (!(await own.call<boolean>("chunk", alone))) return;
    }
    whole = true;
  } finally {
    await own.call("end", whole);
  }
}

function pool(): WorkerPool {
  return (shared ??= new WorkerPool("layer/worker"));
}
