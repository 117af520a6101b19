import { SlipwayError } from "../../base/index.ts";
import type { DebianArch } from "../contract.ts";
import { builtInRecipe, type DistrolessChoice, usualSuite } from "./built-in.ts";
import { distrolessSuites, type DistrolessSuite } from "./package-lists.ts";

const repository = /^gcr\.io\/distroless\/([a-z0-9-]+?)(?:-debian(\d+))?(?::([^@/]*))?(@.*)?$/;
const tags: Readonly<Record<string, { readonly nonroot: boolean; readonly debug: boolean }>> = {
  latest: { nonroot: false, debug: false },
  nonroot: { nonroot: true, debug: false },
  debug: { nonroot: false, debug: true },
  "debug-nonroot": { nonroot: true, debug: true },
};

/** What the registry's tags of a single architecture end with. */
const archs: Readonly<Record<string, DebianArch>> = {
  amd64: "amd64",
  arm64: "arm64",
  arm: "armhf",
  s390x: "s390x",
  ppc64le: "ppc64el",
  riscv64: "riscv64",
};

/**
 * Which built-in base a name of Google's registry means: `gcr.io/distroless/python3-debian12:nonroot`, `static-debian13:latest-arm64`.
 * @returns undefined for every other name, and for a digest, which only a registry can answer.
 * @throws SLIP_IMAGE_UNKNOWN for one that the archive cannot make, with what it can.
 */
export function parseDistrolessName(name: string): DistrolessChoice | undefined {
  const [whole, base = "", number, tag = "latest", digest] = repository.exec(name) ?? [];
  if (whole === undefined || digest !== undefined) return undefined;
  const suite = suiteOf(number, name);
  const [, plain = tag, ending] = /^(.+)-([a-z0-9]+)$/.exec(tag) ?? [];
  const arch = ending !== undefined && Object.hasOwn(archs, ending) ? archs[ending] : undefined;
  const kind = arch === undefined ? tag : plain;
  const variant = Object.hasOwn(tags, kind) ? tags[kind] : undefined;
  if (!variant)
    throw unknown(
      name,
      `there is no tag "${tag}"`,
      `the tags are ${Object.keys(tags).join(", ")}, and each with an architecture behind it: latest-amd64`,
    );
  const choice = { name: base, suite, ...variant, ...(arch !== undefined && { arch }) };
  // A name or version that the suite does not have.
  builtInRecipe(choice, arch ?? "amd64");
  return choice;
}

function suiteOf(number: string | undefined, name: string): DistrolessSuite {
  if (number === undefined) return usualSuite;
  const suites = Object.entries(distrolessSuites) as readonly (readonly [DistrolessSuite, number])[];
  const found = suites.find(([, known]) => `${known}` === number);
  if (found) return found[0];
  throw unknown(
    name,
    `there are no bases of Debian ${number}`,
    `there are those of ${suites.map(([suite, known]) => `debian${known} (${suite})`).join(" and ")}`,
  );
}

function unknown(name: string, why: string, hint: string): SlipwayError {
  return new SlipwayError({
    code: "SLIP_IMAGE_UNKNOWN",
    message: `Cannot make "${name}" from the Debian archive: ${why}`,
    hint,
  });
}
