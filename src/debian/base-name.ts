import { SlipwayError } from "../base/index.ts";
import type { BaseName } from "./contract.ts";

/** Tag -> the archive's suite. */
const tags: Readonly<Record<string, { readonly suite: string; readonly pinned?: true }>> = {
  bookworm: { suite: "bookworm" },
  "12": { suite: "bookworm" },
  trixie: { suite: "trixie" },
  "13": { suite: "trixie" },
  forky: { suite: "forky" },
  sid: { suite: "sid" },
  unstable: { suite: "unstable" },
  testing: { suite: "testing" },
  stable: { suite: "stable" },
  oldstable: { suite: "oldstable" },
  latest: { suite: "stable", pinned: true },
};

/** Ways to write Docker's official image `debian`. */
const repository = /^(?:(?:(?:registry-1\.|index\.)?docker\.io\/)?(?:library\/)?)debian(?::([^@/]*))?(@.*)?$/;

/**
 * Which base image of the Debian archive a name means: `debian`, `debian:bookworm-slim`, `docker.io/library/debian:13`.
 * @returns undefined for everything that is not Docker's `debian`, and for a digest, which only a registry can answer.
 * @throws SLIP_IMAGE_UNKNOWN for a tag of `debian` that the archive cannot make, with those that it can.
 */
export function parseBaseName(name: string): BaseName | undefined {
  const match = repository.exec(name);
  if (!match || match[2] !== undefined) return undefined;
  const tag = match[1] ?? "latest";
  const slim = tag.endsWith("-slim");
  const known = Object.hasOwn(tags, slim ? tag.slice(0, -5) : tag) ? tags[slim ? tag.slice(0, -5) : tag] : undefined;
  // There is `debian:stable-slim`, but no `debian:latest-slim`.
  if (known && !(slim && known.pinned)) return { suite: known.suite, slim, pinned: known.pinned ?? false };
  throw new SlipwayError({
    code: "SLIP_IMAGE_UNKNOWN",
    message: `Cannot make "${name}" from the Debian archive: ${why(tag)}`,
    hint: `the archive gives ${archiveBaseNames().join(", ")}; for another image use --build-context ${name}=docker-image://NAME`,
  });
}

/** The names that makeBase can serve, for messages. */
function archiveBaseNames(): readonly string[] {
  return ["bookworm", "trixie", "forky", "sid", "stable", "testing"].map((suite) => `debian:${suite}[-slim]`);
}

function why(tag: string): string {
  if (/\d{8}/.test(tag)) return "an archive only has today's state, not that of a date";
  if (/^\d+\.\d+/.test(tag)) return "an archive only has the newest point release";
  if (/^(?:\d|1[01]|buster|bullseye|stretch|jessie)(?:-|$)/.test(tag))
    return "releases before bookworm are not supported";
  if (/backports/.test(tag)) return "backports are not supported";
  return `it does not know the tag "${tag}"`;
}
