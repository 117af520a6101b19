import type { FoundSoftware, SbomSubject, SoftwarePackage } from "./contract.ts";
import { licenseExpression, licenseId } from "./licenses.ts";
import { packageUrl } from "./purl.ts";
import { documentDigest, spdxTime } from "./spdx.ts";
import { canonicalJson, sha256 } from "../base/index.ts";

const hashes = { sha1: "SHA-1", sha256: "SHA-256", sha512: "SHA-512" } as const;

/** The software of an image as a CycloneDX 1.6 document. The same image gives the same document. */
export function cyclonedxDocument(found: FoundSoftware, subject: SbomSubject): object {
  const { distribution } = found;
  const image = `slipway:image:${subject.imageId}`;
  const components = found.packages.map((item) => component(item, found, subject));
  return {
    $schema: "http://cyclonedx.org/schema/bom-1.6.schema.json",
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    serialNumber: `urn:uuid:${uuidOf(documentDigest(found, subject))}`,
    version: 1,
    metadata: {
      timestamp: spdxTime(subject.created),
      tools: { components: [{ type: "application", name: subject.tool.name, version: subject.tool.version }] },
      component: {
        type: "container",
        "bom-ref": image,
        name: subject.name,
        version: subject.imageId,
        properties: [
          { name: "slipway:platform", value: subject.platform },
          ...subject.layers.map(({ diffId, instruction = "" }) => ({
            name: "slipway:layer",
            value: `${diffId} ${instruction}`.trim(),
          })),
        ],
      },
      ...(found.notes.length > 0 && {
        properties: found.notes.map((text) => ({ name: "slipway:not-read", value: text })),
      }),
    },
    components: [
      ...(distribution
        ? [
            {
              type: "operating-system",
              "bom-ref": "slipway:distribution",
              name: distribution.id,
              ...(distribution.version !== undefined && { version: distribution.version }),
              ...(distribution.name !== undefined && { description: distribution.name }),
            },
          ]
        : []),
      ...components,
    ],
    dependencies: [{ ref: image, dependsOn: components.map((one) => one["bom-ref"]) }],
    compositions: [{ aggregate: found.notes.length > 0 ? "incomplete" : "unknown", assemblies: [image] }],
  };
}

interface Component extends Readonly<Record<string, unknown>> {
  readonly "bom-ref": string;
}

function component(item: SoftwarePackage, { distribution }: FoundSoftware, { layers }: SbomSubject): Component {
  const { kind, name, version, group, layer, path, within, source, architecture, declared } = item;
  const purl = packageUrl(item, distribution);
  const { layer: _layer, ...identity } = item;
  const brought = layer === undefined ? undefined : layers[layer];
  const properties: readonly (readonly [string, string | undefined])[] = [
    ["slipway:kind", kind],
    ["slipway:path", path],
    ["slipway:within", within],
    ["slipway:architecture", architecture],
    ["slipway:source", source && [source.name, source.version].filter(Boolean).join(" ")],
    ["slipway:declared", declared && "true"],
    ["slipway:layer", brought?.diffId],
  ];
  return {
    type: "library",
    "bom-ref": `${kind}:${name}@${version}:${sha256(canonicalJson(identity)).slice(7, 23)}`,
    ...(group !== undefined && { group }),
    name,
    ...(version !== "" && { version }),
    ...(item.supplier !== undefined && { supplier: { name: item.supplier } }),
    ...(item.summary !== undefined && { description: item.summary }),
    ...(item.checksum && { hashes: [{ alg: hashes[item.checksum.algorithm], content: item.checksum.value }] }),
    ...licenses(item),
    ...(purl !== undefined && { purl }),
    ...(item.homepage !== undefined && { externalReferences: [{ type: "website", url: item.homepage }] }),
    properties: properties.flatMap(([property, value]) => (value === undefined ? [] : [{ name: property, value }])),
  };
}

/** Either names, each of which is a licence, or one expression: a document may not mix them. */
function licenses({ licenses: written }: SoftwarePackage): object {
  const whole = licenseExpression(written);
  if (!whole || !written) return {};
  if (/ (?:AND|OR|WITH) /.test(whole.expression) && whole.references.length === 0) {
    return { licenses: [{ expression: whole.expression }] };
  }
  const ids = written.map((text) => ({ text, id: licenseId(text) }));
  const unique = new Map(
    ids.map(({ text, id }) => [id ?? text, { license: id === undefined ? { name: text } : { id } }]),
  );
  return { licenses: [...unique.values()] };
}

/** A UUID of version 8 (RFC 9562): 122 bits of the digest. */
function uuidOf(digest: string): string {
  const hex = digest.slice("sha256:".length);
  const variant = ((Number.parseInt(hex.slice(16, 17), 16) & 3) | 8).toString(16);
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    `${variant}${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ].join("-");
}
