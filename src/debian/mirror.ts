import { globSync, readFileSync } from "node:fs";
import { parseStanzas } from "./control.ts";
import { SlipwayError } from "../base/index.ts";

export interface MirrorQuery {
  /** From a flag or the configuration. */
  readonly mirror?: string | undefined;
  readonly securityMirror?: string | undefined;
  readonly env?: NodeJS.ProcessEnv | undefined;
  /** The machine's apt folder. Default `/etc/apt`. */
  readonly aptFolder?: string | undefined;
}

export interface Mirrors {
  readonly mirror: string;
  readonly securityMirror: string;
}

const fallback: Mirrors = {
  mirror: "http://ftp.debian.org/debian",
  securityMirror: "http://security.debian.org/debian-security",
};

/**
 * Where to fetch Debian from: what was asked for, else SLIPWAY_DEBIAN_MIRROR and SLIPWAY_DEBIAN_SECURITY_MIRROR, else the archive that the
 * machine's own apt sources name, else Debian's. Whatever answers, only its signature makes it trusted.
 */
export function chooseMirrors(query: MirrorQuery = {}): Mirrors {
  const env = query.env ?? process.env;
  const asked = query.mirror ?? nonEmpty(env["SLIPWAY_DEBIAN_MIRROR"]);
  const askedSecurity = query.securityMirror ?? nonEmpty(env["SLIPWAY_DEBIAN_SECURITY_MIRROR"]);
  const sources =
    asked !== undefined && askedSecurity !== undefined ? [] : readAptSources(query.aptFolder ?? "/etc/apt");
  return {
    mirror: base(asked ?? mainArchive(sources) ?? fallback.mirror),
    securityMirror: base(askedSecurity ?? securityArchive(sources) ?? fallback.securityMirror),
  };
}

interface AptSource {
  readonly uri: string;
  readonly suite: string;
}

const suites =
  /^(?:buster|bullseye|bookworm|trixie|forky|duke|sid|oldstable|stable|testing|unstable)(-updates|-security|\/updates)?$/;

/** An archive that also has updates is Debian's or a whole mirror of it; others copy Debian's suite names for packages of their own. */
function mainArchive(sources: readonly AptSource[]): string | undefined {
  const rank = (source: AptSource): number =>
    (sources.some((other) => other.uri === source.uri && other.suite.endsWith("-updates")) ? 2 : 0) +
    (/debian\/?$/.test(source.uri) ? 1 : 0);
  return sources
    .filter((source) => suites.exec(source.suite)?.[1] === undefined)
    .toSorted((a, b) => rank(b) - rank(a))[0]?.uri;
}

function securityArchive(sources: readonly AptSource[]): string | undefined {
  return sources.find((source) => /-security$|\/updates$/.test(source.suite))?.uri;
}

/** Enabled binary sources over http(s) that name a Debian suite and its component main (sources.list(5)). */
function readAptSources(folder: string): readonly AptSource[] {
  const files = [`${folder}/sources.list`, ...globSync(`${folder}/sources.list.d/*.{list,sources}`).toSorted()];
  return files.flatMap((file) => {
    let text: string;
    try {
      text = readFileSync(file, "utf8");
    } catch {
      // A file that this user may not read, or none: the next one may do.
      return [];
    }
    return (file.endsWith(".sources") ? deb822Sources(text) : lineSources(text)).filter(
      (source) => /^https?:\/\//.test(source.uri) && suites.test(source.suite),
    );
  });
}

function lineSources(text: string): readonly AptSource[] {
  return text.split("\n").flatMap((line) => {
    const match = /^\s*deb\s+(?:\[[^\]]*\]\s*)?(\S+)\s+(\S+)\s+([^#]*)/.exec(line);
    if (!match?.[1] || !match[2] || !words(match[3]).includes("main")) return [];
    return [{ uri: match[1], suite: match[2] }];
  });
}

function deb822Sources(text: string): readonly AptSource[] {
  return parseStanzas(text).flatMap((stanza) => {
    if (!words(stanza.get("types")).includes("deb") || !words(stanza.get("components")).includes("main")) return [];
    if (/^(?:no|false|without|off|disable)$/i.test(stanza.get("enabled") ?? "")) return [];
    return words(stanza.get("uris")).flatMap((uri) => words(stanza.get("suites")).map((suite) => ({ uri, suite })));
  });
}

function words(text: string | undefined): readonly string[] {
  return (text ?? "").split(/\s+/).filter((word) => word !== "");
}

function base(address: string): string {
  if (address === "none") return address;
  if (!URL.canParse(address) || !/^https?:$/.test(new URL(address).protocol)) {
    throw new SlipwayError({
      code: "SLIP_USAGE",
      message: `Cannot use "${address}" as a Debian mirror: it is no http or https address`,
      hint: "write it as http://ftp.debian.org/debian",
    });
  }
  return address.replace(/\/+$/, "");
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === undefined || text === "" ? undefined : text;
}
