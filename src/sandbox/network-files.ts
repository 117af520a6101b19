import { readFileSync } from "node:fs";

/** What /etc/resolv.conf and /etc/hosts of the process say. */
export interface NetworkFiles {
  readonly resolvConf: string;
  readonly hosts: string;
}

const loopback = "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n";

/**
 * On the machine's network its own name servers and names hold, a resolver on the loopback device included. They are copied:
 * the host's file may be a link, may be replaced while the process runs, and stays out of the process's reach.
 */
export function networkFiles(
  network: "host" | "none",
  hostname: string,
  extraHosts: readonly { readonly name: string; readonly address: string }[] = [],
): NetworkFiles {
  // In front: of several lines with a name the first counts.
  const extra = extraHosts.map(({ name, address }) => `${address}\t${name}\n`).join("");
  const own = `127.0.0.1\t${hostname}\n`;
  if (network === "none") return { resolvConf: "", hosts: `${extra}${loopback}${own}` };
  const hosts = readIfThere("/etc/hosts") ?? loopback;
  const ended = hosts === "" || hosts.endsWith("\n") ? hosts : `${hosts}\n`;
  return { resolvConf: readIfThere("/etc/resolv.conf") ?? "", hosts: `${extra}${ended}${own}` };
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
