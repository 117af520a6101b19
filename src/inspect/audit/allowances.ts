import type { AuditFinding } from "./contract.ts";

/** Something that is missing and does not matter. */
interface Allowance {
  readonly kind: AuditFinding["kind"];
  /** Which files it holds for. */
  readonly file: RegExp;
  /** What they need. */
  readonly needs?: RegExp;
  /** It holds only where a program or library of such a path is there. */
  readonly where?: RegExp;
  /** It holds only in built-in bases of such names. */
  readonly bases?: RegExp;
  readonly reason: string;
}

/** The first that fits counts. */
const allowances: readonly Allowance[] = [
  {
    kind: "link",
    file: /./,
    needs: /^\/(?:proc|sys|dev|run)(?:\/|$)/,
    reason: "the kernel and the runtime fill /proc, /sys, /dev and /run when a container starts",
  },
  {
    kind: "link",
    file: /^\/usr\/share\/(?:doc|man|info|lintian|bug)\//,
    reason: "links between documents: no program reads them",
  },
  {
    kind: "link",
    file: /^(?:\/usr)?\/lib\/systemd\/|^\/etc\/systemd\//,
    reason: "units of systemd, which no container of a base starts",
  },
  {
    kind: "link",
    file: /^\/usr\/share\/zoneinfo\/localtime$/,
    needs: /^\/etc\/localtime$/,
    reason: "a base has no time zone of its own: without /etc/localtime it is UTC, and TZ names another",
  },
  {
    kind: "library",
    file: /^\/usr\/lib\/jvm\//,
    needs: /^libjvm\.so$/,
    where: /^\/usr\/lib\/jvm\/[^/]+\/lib\/server\/libjvm\.so$/,
    reason: "java loads libjvm.so by its path before any library that needs it",
  },
  {
    kind: "library",
    file: /^\/usr\/lib\/jvm\/.*\/libjsound\.so$/,
    bases: /^java/,
    reason: "sound: a base for servers has none, as Google's",
  },
  {
    kind: "library",
    file: /^\/usr\/lib\/jvm\/.*\/libj2pcsc\.so$/,
    bases: /^java/,
    reason: "smart cards: a base for servers reads none, as Google's",
  },
  {
    kind: "library",
    file: /\/libg(?:io|object)-2\.0\.so/,
    bases: /^java/,
    reason: "of libglib2.0-0, Java's fonts load libglib-2.0 alone",
  },
  {
    kind: "interpreter",
    file: /^\/usr\/share\/doc\//,
    reason: "examples among documents",
  },
  {
    kind: "interpreter",
    file: /^\/etc\/update-motd\.d\//,
    reason: "messages for people who log in, which nobody does in a container",
  },
  {
    kind: "interpreter",
    file: /^\/usr\/bin\/(?:ldd|tzselect|catchsegv)$/,
    reason: "tools of libc-bin for people with a shell",
  },
  {
    kind: "interpreter",
    file: /^\/usr\/lib\/python3[\d.]*\/[^/]+\.py$/,
    reason: "modules of Python that can also be run by themselves: python3 -m runs them",
  },
  {
    kind: "interpreter",
    file: /^\/usr\/share\/nodejs\//,
    reason: "tools among the packages of Node.js: node runs them by their path",
  },
  {
    kind: "machine",
    file: /^\/usr\/lib\/debug\//,
    reason: "symbols for a debugger",
  },
];

/**
 * The reason why a finding does not matter, if there is one.
 * @param base name of the built-in base that it is of; empty for any other.
 * @param has whether there is a program or library of such a path.
 */
export function allowed(finding: AuditFinding, base: string, has: (pattern: RegExp) => boolean): string | undefined {
  const needs = "needs" in finding ? finding.needs : "";
  return allowances.find(
    (one) =>
      one.kind === finding.kind &&
      one.file.test(finding.file) &&
      (one.needs?.test(needs) ?? true) &&
      (one.bases?.test(base) ?? true) &&
      (one.where === undefined || has(one.where)),
  )?.reason;
}
