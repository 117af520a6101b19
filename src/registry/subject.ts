import { canonicalJson, type Digest, isDigest } from "../base/index.ts";
import type { Descriptor } from "../oci/index.ts";
import type { Referrer } from "./contract.ts";

/** What a manifest refers to, and how it is listed there (image-spec, manifest.md, "subject"). */
export interface Subject {
  readonly digest: Digest;
  readonly referrer: Referrer;
}

/** @returns undefined for a document without a subject. */
export function subjectOf(bytes: Uint8Array, { mediaType, digest, size }: Descriptor): Subject | undefined {
  const { subject, artifactType, config, annotations } = JSON.parse(Buffer.from(bytes).toString()) as {
    readonly subject?: { readonly digest?: unknown } | null;
    readonly artifactType?: unknown;
    readonly config?: { readonly mediaType?: unknown } | null;
    readonly annotations?: Readonly<Record<string, string>> | null;
  };
  const of = subject?.digest;
  if (typeof of !== "string" || !isDigest(of)) return undefined;
  // One without a type of its own is known by its configuration's (distribution-spec, "Pushing Manifests with Subject").
  const type = typeof artifactType === "string" && artifactType !== "" ? artifactType : config?.mediaType;
  return {
    digest: of,
    referrer: {
      mediaType,
      digest,
      size,
      ...(typeof type === "string" && { artifactType: type }),
      ...(annotations && canonicalJson(annotations) !== "{}" && { annotations }),
    },
  };
}
