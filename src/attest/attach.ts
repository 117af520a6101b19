import { canonicalJson, type Digest } from "../base/index.ts";
import { describe, type Descriptor, type ImageConfig, makeManifest, mediaTypes } from "../oci/index.ts";
import { type Claim, statement, type StatementSubject } from "./statement.ts";

const inToto = "application/vnd.in-toto+json";
const emptyConfig = "application/vnd.oci.empty.v1+json";
const predicateKey = "in-toto.io/predicate-type";
const unknown = { os: "unknown", architecture: "unknown" } as const;

/** A manifest with the blobs that it names. */
export interface AttestationManifest {
  readonly document: { readonly bytes: Uint8Array; readonly descriptor: Descriptor };
  readonly blobs: readonly { readonly descriptor: Descriptor; readonly bytes: Uint8Array }[];
}

/**
 * All that is said of an image as one manifest, which the image's index lists (BuildKit, docs/attestations/attestation-storage.md): a layer a
 * statement, a configuration that is an image's in its form alone, the platform unknown so that nobody runs it.
 * @param image the image's manifest.
 */
export function indexAttestation(
  image: Descriptor,
  claims: readonly Claim[],
  subjects: readonly StatementSubject[],
): AttestationManifest {
  const layers = claims.map((claim) => statementBlob(claim, subjects));
  const config: ImageConfig = {
    ...unknown,
    config: {},
    rootfs: { type: "layers", diff_ids: layers.map(({ descriptor }) => descriptor.digest) },
  };
  const configBytes = Buffer.from(canonicalJson(config));
  const configBlob = { bytes: configBytes, descriptor: describe(configBytes, mediaTypes.oci.config) };
  const { bytes, descriptor } = makeManifest({
    config: configBlob.descriptor,
    layers: layers.map((layer) => layer.descriptor),
  });
  const annotations = {
    "vnd.docker.reference.digest": image.digest,
    "vnd.docker.reference.type": "attestation-manifest",
  };
  return {
    document: { bytes, descriptor: { ...descriptor, annotations, platform: unknown } },
    blobs: [...layers, configBlob],
  };
}

/** One thing that is said of an image as a manifest of its own, with the image as its subject (image-spec, manifest.md, "Guidelines for Artifact Usage"). */
export function referrerAttestation(
  { mediaType, digest, size }: Descriptor,
  claim: Claim,
  subjects: readonly StatementSubject[],
): AttestationManifest {
  const layer = statementBlob(claim, subjects);
  const empty = Buffer.from("{}");
  const config = { bytes: empty, descriptor: describe(empty, emptyConfig) };
  const annotations = { [predicateKey]: claim.predicateType };
  const manifest = {
    schemaVersion: 2,
    mediaType: mediaTypes.oci.manifest,
    artifactType: inToto,
    config: config.descriptor,
    layers: [layer.descriptor],
    subject: { mediaType, digest, size },
    annotations,
  };
  const bytes = Buffer.from(canonicalJson(manifest));
  const descriptor = { ...describe(bytes, mediaTypes.oci.manifest), artifactType: inToto, annotations };
  return { document: { bytes, descriptor }, blobs: [layer, config] };
}

function statementBlob(claim: Claim, subjects: readonly StatementSubject[]): AttestationManifest["blobs"][number] {
  const bytes = Buffer.from(JSON.stringify(statement(claim, subjects)));
  return { bytes, descriptor: { ...describe(bytes, inToto), annotations: { [predicateKey]: claim.predicateType } } };
}

/** A digest as in-toto has it. */
export function digestSet(digest: Digest): Readonly<Record<string, string>> {
  return { sha256: digest.slice("sha256:".length) };
}
