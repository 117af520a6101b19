import {
  type Claim,
  cyclonedxDocument,
  digestSet,
  type FoundSoftware,
  imageUrl,
  indexAttestation,
  predicateTypes,
  provenanceClaim,
  referrerAttestation,
  spdxDocument,
  statement,
  type StatementSubject,
} from "../../attest/index.ts";
import type { Ctx, Digest } from "../../base/index.ts";
import type { Attached, Subject } from "../../export/index.ts";
import { listDigests } from "../../inspect/index.ts";
import { familiarName, formatPlatform, type ImageConfig, parseReference, type Platform } from "../../oci/index.ts";
import type { ImageRecord } from "../../store/index.ts";
import type { AttestOptions, SbomFormat } from "../api/attest-api.ts";
import { announce, endFailed, type Engine } from "../engine/engine.ts";
import { type KeptAttestations, keptAttestations } from "./kept-attestations.ts";
import { sbomSubject, softwareOf } from "./software-of.ts";

/** What outputs ask of attestations. */
export interface Attestations {
  /** What is attached to an image that leaves as one; undefined where nothing is. */
  attach(image: ImageRecord): ((subject: Subject) => Promise<readonly Attached[]>) | undefined;
  /**
   * What lies beside the files of an image that leaves as files: a statement a file, about each of them.
   * @param root the image's files, mounted.
   */
  files(image: ImageRecord, root: string): Promise<readonly { readonly name: string; readonly bytes: Uint8Array }[]>;
}

/** By BuildKit's names, where it has one. */
const fileNames = {
  "spdx-json": "sbom.spdx.json",
  "cyclonedx-json": "sbom.cdx.json",
  provenance: "provenance.json",
} as const;

type Kind = keyof typeof fileNames;

interface Told {
  readonly kind: Kind;
  readonly claim: Claim;
}

/** The attestations of images of the store, as those who built them asked. */
export function attestationsOf(engine: Engine, ctx: Ctx): Attestations {
  const { store } = engine;
  const software = new Map<Digest, Promise<FoundSoftware>>();
  const softwareIn = (image: ImageRecord): Promise<FoundSoftware> => {
    // Outputs that are written side by side all want it.
    const known = software.get(image.id) ?? findShown(image, engine, ctx);
    software.set(image.id, known);
    return known;
  };
  const claims = async (
    image: ImageRecord,
    { attest, provenance }: KeptAttestations,
    subject: Pick<Subject, "layers" | "names">,
  ): Promise<readonly Told[]> => {
    const told: Told[] = [...(await sbomClaims(image, subject.names, attest, softwareIn))];
    if (provenance) told.push({ kind: "provenance", claim: provenanceClaim(provenance, subject.layers) });
    return told;
  };
  return {
    attach: (image) => {
      const kept = keptAttestations(image.id, store);
      if (!kept) return undefined;
      return async (subject) => {
        const subjects = imageSubjects(subject, image.config);
        const all = (await claims(image, kept, subject)).map(({ claim }) => claim);
        if (kept.attest.attachAs === "referrers") {
          return all.map((claim) => ({ how: "referrer", ...referrerAttestation(subject.manifest, claim, subjects) }));
        }
        return [{ how: "index", ...indexAttestation(subject.manifest, all, subjects) }];
      };
    },
    files: async (image, root) => {
      const wanted = keptAttestations(image.id, store);
      const all = wanted ? await claims(image, wanted, { layers: [], names: [] }) : [];
      const kept = all.filter(({ kind }) => kind !== "provenance" || wanted?.attest.provenance?.inlineOnly !== true);
      if (kept.length === 0) return [];
      const subjects = (await listDigests(root, ctx.signal)).map(({ path, sha256 }) => ({
        name: path,
        digest: { sha256 },
      }));
      return kept.map(({ kind, claim }) => ({
        name: fileNames[kind],
        bytes: Buffer.from(`${JSON.stringify(statement(claim, subjects), undefined, 2)}\n`),
      }));
    },
  };
}

async function sbomClaims(
  image: ImageRecord,
  [name]: readonly string[],
  { sbom }: AttestOptions,
  softwareIn: (image: ImageRecord) => Promise<FoundSoftware>,
): Promise<readonly Told[]> {
  if (!sbom) return [];
  const { format = "spdx-json" } = sbom;
  const kinds: readonly SbomFormat[] = format === "all" ? ["spdx-json", "cyclonedx-json"] : [format];
  const found = await softwareIn(image);
  const about = sbomSubject(name ?? image.id, image);
  return kinds.map((kind) => {
    const write = kind === "spdx-json" ? spdxDocument : cyclonedxDocument;
    return { kind, claim: { predicateType: predicateTypes[kind], predicate: write(found, about) } };
  });
}

/** The software of an image, looked for in a step that is shown. */
async function findShown(image: ImageRecord, engine: Engine, ctx: Ctx): Promise<FoundSoftware> {
  const platform = formatPlatform(image.config);
  const step = `sbom ${platform}`;
  const started = Date.now();
  announce(ctx, step, `find packages for ${platform}`);
  try {
    const found = await softwareOf(image, engine, ctx.signal);
    const note = `${found.packages.length} packages`;
    ctx.emit({ type: "step-done", id: step, duration: Date.now() - started, note });
    for (const text of found.notes) ctx.emit({ type: "warning", note: true, message: `Not in the SBOM: ${text}` });
    return found;
  } catch (error) {
    endFailed(ctx, step, started, error);
    throw error;
  }
}

/** The image under each of its names, as BuildKit names it. */
function imageSubjects({ manifest, names }: Subject, config: ImageConfig): readonly StatementSubject[] {
  const digest = digestSet(manifest.digest);
  if (names.length === 0) return [{ name: "_", digest }];
  return names.map((name) => ({ name: subjectName(name, config), digest }));
}

function subjectName(name: string, platform: Platform): string {
  const reference = parseReference(name);
  const familiar = familiarName({ domain: reference.domain, path: reference.path });
  return imageUrl(familiar, reference.tag ?? "latest", { platform: formatPlatform(platform) });
}
