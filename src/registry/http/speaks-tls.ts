import { connect } from "node:tls";
import { isNoTls, TimeoutError } from "./failures.ts";

/**
 * Finds out whether what listens there speaks TLS. Nothing is sent and nobody trusted: that comes later.
 * @param url with https; a port that nobody listens on is no TLS when it is only implied.
 * @throws what the network throws
 */
export function speaksTls(url: URL, timeout: number, signal: AbortSignal): Promise<boolean> {
  const host = url.hostname.replace(/^\[|\]$/g, "");
  return new Promise((resolve, reject) => {
    const socket = connect({
      host,
      port: url.port === "" ? 443 : Number(url.port),
      ca: [],
      rejectUnauthorized: false,
      timeout,
    });
    const done = (settle: () => void): void => {
      signal.removeEventListener("abort", leave);
      socket.destroy();
      settle();
    };
    const leave = (): void => done(() => reject(signal.reason as Error));
    signal.addEventListener("abort", leave, { once: true });
    socket.once("secureConnect", () => done(() => resolve(true)));
    socket.once("timeout", () =>
      done(() => reject(new TimeoutError(`no answer from ${url.host} for ${timeout / 1000} s`))),
    );
    socket.on("error", (error: NodeJS.ErrnoException) => {
      const nobody = error.code === "ECONNREFUSED" && url.port === "";
      done(() => (nobody || isNoTls(error) ? resolve(false) : reject(error)));
    });
  });
}
