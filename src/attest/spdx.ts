import { canonicalJson, type Digest, sha256 } from "../base/index.ts";
import type { FoundSoftware, SbomSubject, SoftwarePackage } from "./contract.ts";
import { licenseExpression, type LicenseReference } from "./licenses.ts";
import { packageUrl } from "./purl.ts";

const root = "SPDXRef-Image";

/**
 * The software of an image as an SPDX 2.3 document: a package for the image, which contains the others. The same image gives the same document: its time
 * is the image's, its namespace follows from the image and from what was found.
 */
export function spdxDocument(found: FoundSoftware, subject: SbomSubject): object {
  const created = spdxTime(subject.created);
  const packages = found.packages.map((item) => ({ id: packageId(item), item }));
  const licenses = new Map(packages.map(({ id, item }) => [id, licenseExpression(item.licenses)] as const));
  const references = new Map<string, LicenseReference>();
  for (const one of licenses.values()) for (const ref of one?.references ?? []) references.set(ref.id, ref);
  const tool = `Tool: ${subject.tool.name}-${subject.tool.version}`;
  return {
    spdxVersion: "SPDX-2.3",
    dataLicense: "CC0-1.0",
    SPDXID: "SPDXRef-DOCUMENT",
    name: subject.name,
    documentNamespace: `urn:slipway:spdx:${documentDigest(found, subject)}`,
    creationInfo: { created, creators: [tool] },
    packages: [
      imagePackage(subject, found),
      ...packages.map(({ id, item }) => ({
        SPDXID: id,
        name: item.group === undefined ? item.name : `${item.group}:${item.name}`,
        ...(item.version !== "" && { versionInfo: item.version }),
        ...(item.supplier !== undefined && { supplier: supplierOf(item) }),
        downloadLocation: "NOASSERTION",
        filesAnalyzed: false,
        ...(item.checksum && {
          checksums: [{ algorithm: item.checksum.algorithm.toUpperCase(), checksumValue: item.checksum.value }],
        }),
        ...(item.homepage !== undefined && { homepage: item.homepage }),
        sourceInfo: sourceInfo(item),
        licenseConcluded: "NOASSERTION",
        licenseDeclared: licenses.get(id)?.expression ?? "NOASSERTION",
        copyrightText: "NOASSERTION",
        ...(item.summary !== undefined && { summary: item.summary }),
        ...layerComment(item, subject),
        ...urls(packageUrl(item, found.distribution)),
      })),
    ],
    ...(references.size > 0 && {
      hasExtractedLicensingInfos: [...references.values()]
        .sort((a, b) => (a.id < b.id ? -1 : 1))
        .map(({ id, text }) => ({ licenseId: id, name: text.slice(0, 100), extractedText: text })),
    }),
    relationships: [
      { spdxElementId: "SPDXRef-DOCUMENT", relationshipType: "DESCRIBES", relatedSpdxElement: root },
      ...packages.map(({ id }) => ({ spdxElementId: root, relationshipType: "CONTAINS", relatedSpdxElement: id })),
    ],
    ...(found.notes.length > 0 && {
      annotations: found.notes.map((text) => ({
        annotator: tool,
        annotationDate: created,
        annotationType: "OTHER",
        comment: `not read: ${text}`,
      })),
    }),
  };
}

/** What the ids of documents are made from: the image, and what was found in it. */
export function documentDigest(found: FoundSoftware, subject: SbomSubject): Digest {
  return sha256(canonicalJson({ found, subject }));
}

function imagePackage(subject: SbomSubject, { distribution }: FoundSoftware): object {
  return {
    SPDXID: root,
    name: subject.name,
    versionInfo: subject.imageId,
    downloadLocation: "NOASSERTION",
    filesAnalyzed: false,
    licenseConcluded: "NOASSERTION",
    licenseDeclared: "NOASSERTION",
    copyrightText: "NOASSERTION",
    primaryPackagePurpose: "CONTAINER",
    comment: [
      [subject.platform, distribution?.name ?? distribution?.id].filter(Boolean).join(", "),
      ...subject.layers.map(({ diffId, instruction = "" }) => `layer ${diffId} ${instruction}`.trim()),
    ].join("\n"),
  };
}

/** An id of letters, digits, dots and hyphens (SPDX 2.3, clause 7.2) that only this package has. */
function packageId(item: SoftwarePackage): string {
  const { kind, name, layer: _layer, ...rest } = item;
  const shown = name.replaceAll(/[^A-Za-z0-9.-]+/g, "-").slice(0, 64);
  return `SPDXRef-Package-${kind}-${shown}-${sha256(canonicalJson({ kind, name, ...rest })).slice(7, 23)}`;
}

/** Distributions and makers are organisations, maintainers people or teams: which, nobody wrote down. */
function supplierOf({ kind, supplier = "" }: SoftwarePackage): string {
  const person = kind === "npm" || kind === "python";
  const [, name = supplier, mail] = /^([^<]*\S)\s*<([^<>\s]+)>/.exec(supplier) ?? [];
  return `${person ? "Person" : "Organization"}: ${name}${mail === undefined ? "" : ` (${mail})`}`;
}

function sourceInfo({ path, within, source, declared }: SoftwarePackage): string {
  const place = within === undefined ? path : `${path}!${within}`;
  const built = source === undefined ? "" : `; built from ${[source.name, source.version].filter(Boolean).join(" ")}`;
  return `${declared ? "declared in" : "found in"} ${place}${built}`;
}

function layerComment({ layer }: SoftwarePackage, { layers }: SbomSubject): { readonly comment?: string } {
  const brought = layer === undefined ? undefined : layers[layer];
  if (!brought) return {};
  return { comment: `layerID: ${brought.diffId}` };
}

function urls(purl: string | undefined): object {
  if (purl === undefined) return {};
  return {
    externalRefs: [{ referenceCategory: "PACKAGE-MANAGER", referenceType: "purl", referenceLocator: purl }],
  };
}

/** Whole seconds in UTC (SPDX 2.3, clause 6.9). */
export function spdxTime(created: string | undefined): string {
  const time = created === undefined ? Number.NaN : Date.parse(created);
  return new Date(Number.isNaN(time) ? 0 : time).toISOString().replace(/\.\d+Z$/, "Z");
}
