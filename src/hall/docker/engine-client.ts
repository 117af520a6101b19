import { once } from "node:events";
import { type ClientRequest, type IncomingMessage, request as plainRequest } from "node:http";
import { request as tlsRequest } from "node:https";
import { SlipwayError } from "../../base/index.ts";
import type { EngineAddress } from "./engine-address.ts";

/** Bytes of an answer that is read whole. */
const largest = 64 << 20;
/** Milliseconds for an answer to a question; loading may take longer. */
const patience = 30_000;

const remedy = "start it or name it in DOCKER_HOST; or write an archive: --output type=docker,dest=FILE";

/** The API of a Docker Engine, as far as it is needed (docs.docker.com/reference/api/engine). */
export class DockerEngine {
  readonly address: EngineAddress;
  readonly #signal: AbortSignal;

  constructor(address: EngineAddress, signal: AbortSignal) {
    this.address = address;
    this.#signal = signal;
  }

  /** Throws SLIP_NETWORK when nobody answers. */
  async ping(): Promise<void> {
    await this.get("/_ping", (text) => text);
  }

  /**
   * What the engine answers, read from JSON. The caller checks its shape.
   * @returns undefined for what is not there
   */
  async get(path: string, read: (text: string) => unknown = JSON.parse): Promise<unknown> {
    const request = this.#request("GET", path, patience);
    request.end();
    const answer = await this.#answer(request);
    const text = await this.#text(answer);
    if (answer.statusCode === 404) return undefined;
    if (answer.statusCode !== 200) throw this.#refused(answer, text);
    return read(text);
  }

  /**
   * Sends an archive to be loaded.
   * @param write writes the archive by the function that it is given
   * @returns what the engine said, a line each; what it calls an error too
   */
  async load(write: (send: (bytes: Uint8Array) => Promise<void>) => Promise<void>): Promise<readonly string[]> {
    const request = this.#request("POST", "/images/load?quiet=1", undefined);
    request.setHeader("Content-Type", "application/x-tar");
    const answered = this.#answer(request);
    // An answer that comes early means that the rest is not wanted.
    let early: IncomingMessage | undefined;
    let failed: { readonly error: unknown } | undefined;
    answered.then(
      (answer) => (early = answer),
      (error: unknown) => (failed = { error }),
    );
    const send = async (bytes: Uint8Array): Promise<void> => {
      if (failed) throw failed.error;
      if (early)
        throw new SlipwayError({ code: "SLIP_NETWORK", message: `${this.#name} does not read the archive to its end` });
      if (!request.write(bytes)) await Promise.race([once(request, "drain"), answered.catch(() => undefined)]);
    };
    try {
      await write(send);
      request.end();
    } catch (error) {
      if (!early) request.destroy();
      if (!early || this.#signal.aborted) throw error;
      request.end();
    }
    const answer = await answered;
    const text = await this.#text(answer);
    if (answer.statusCode !== 200) throw this.#refused(answer, text);
    return linesOf(text);
  }

  get #name(): string {
    return `the Docker Engine at ${this.address.name}`;
  }

  #request(method: string, path: string, timeout: number | undefined): ClientRequest {
    const { to } = this.address;
    const common = { method, path, signal: this.#signal, timeout, agent: false } as const;
    if ("socketPath" in to) return plainRequest({ ...common, socketPath: to.socketPath, headers: { Host: "docker" } });
    const { host, port, tls } = to;
    if (!tls) return plainRequest({ ...common, host, port });
    const { ca, cert, key, verify } = tls;
    return tlsRequest({ ...common, host, port, ca, cert, key, rejectUnauthorized: verify });
  }

  #answer(request: ClientRequest): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      request.on("response", resolve);
      request.on("timeout", () => request.destroy(new Error("it does not answer")));
      request.on("error", (cause: NodeJS.ErrnoException) => reject(this.#unreached(cause)));
    });
  }

  async #text(answer: IncomingMessage): Promise<string> {
    const chunks: Buffer[] = [];
    let size = 0;
    try {
      for await (const chunk of answer as AsyncIterable<Buffer>) {
        size += chunk.length;
        if (size > largest) throw new Error("its answer has no end");
        chunks.push(chunk);
      }
    } catch (cause) {
      throw this.#unreached(cause as Error);
    }
    return Buffer.concat(chunks).toString("utf8");
  }

  #unreached(cause: NodeJS.ErrnoException): SlipwayError {
    if (this.#signal.aborted) return new SlipwayError({ code: "SLIP_CANCELLED", message: "Cancelled", cause });
    const { code } = cause;
    const absent = code === "ENOENT" || code === "ECONNREFUSED";
    const why = absent ? "none is running there" : code === "EACCES" ? "this user may not use it" : cause.message;
    const message = `Cannot reach ${this.#name}: ${why}`;
    const hint = code === "EACCES" ? "be a member of the group docker, or run slipway as root" : remedy;
    return new SlipwayError({ code: "SLIP_NETWORK", message, hint, cause });
  }

  #refused({ statusCode }: IncomingMessage, text: string): SlipwayError {
    let said = text.slice(0, 300);
    try {
      said = String(JSON.parse(text).message ?? said);
    } catch {
      // Not from the engine itself.
    }
    const message = `Cannot use ${this.#name}: it answers ${statusCode}: ${said.trim()}`;
    return new SlipwayError({ code: "SLIP_NETWORK", message, hint: remedy });
  }
}

/** Lines of JSON, each with what is for people to read or with an error. */
function linesOf(text: string): readonly string[] {
  return text.split("\n").flatMap((line) => {
    if (line.trim() === "") return [];
    try {
      const { stream, error } = JSON.parse(line) as { readonly stream?: unknown; readonly error?: unknown };
      if (typeof error === "string") return [`error: ${error}`];
      return typeof stream === "string" && stream.trim() !== "" ? [stream.trim()] : [];
    } catch {
      return [line.trim()];
    }
  });
}
