import type { SourceLocation } from "../../base/index.ts";
import { wrong } from "../refuse.ts";

/**
 * Dockerfile reference, "EXPOSE": `8000-8002/udp` is `8000/udp`, `8001/udp`, `8002/udp`. As in docker build, an address and a port of the host
 * may stand in front (`127.0.0.1:8080:80`); they are checked and mean nothing (the check ExposeInvalidFormat warns).
 * Throws SLIP_DOCKERFILE.
 */
export function exposedPorts(text: string, location: SourceLocation): readonly string[] {
  const parts = text.split(":");
  const own = parts.pop() ?? "";
  const host = parts.pop() ?? "";
  const address = parts.join(":").replace(/^\[(.*)\]$/, "$1");
  const [range = "", protocol = ""] = own.split("/", 2);
  const ports = portRange(range);
  const known = ["", "tcp", "udp", "sctp"].includes(protocol.toLowerCase()) && own.split("/").length <= 2;
  const hostPorts = host === "" ? ports : portRange(host);
  const mapped = hostPorts && ports && (ports.length === 1 || ports.length === hostPorts.length);
  if (!ports || !known || !mapped || (address !== "" && !isAddress(address))) {
    const hint = "write PORT, PORT/udp or FIRST-LAST/tcp, at most 65535";
    throw wrong(`Invalid port ${JSON.stringify(text)}`, location, hint);
  }
  return ports.map((port) => `${port}/${protocol.toLowerCase() || "tcp"}`);
}

/** Not by import: node:net takes milliseconds to load, and hardly any file has an address there. */
function isAddress(text: string): boolean {
  return process.getBuiltinModule("node:net").isIP(text) !== 0;
}

function portRange(text: string): readonly number[] | undefined {
  const match = /^(\d{1,9})(?:-(\d{1,9}))?$/.exec(text);
  const first = Number(match?.[1]);
  const last = Number(match?.[2] ?? match?.[1]);
  if (!match || first > last || last > 65_535) return undefined;
  return Array.from({ length: last - first + 1 }, (_, at) => first + at);
}
