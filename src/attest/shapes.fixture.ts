/**
 * What the published JSON schemas of SPDX 2.3 and CycloneDX 1.6 ask of the members that slipway writes, and what the specifications ask beyond
 * them: ids that are unique and lead somewhere. Each function gives the faults of a document, a line each.
 */
import { licenseId } from "./licenses.ts";

type Json = Readonly<Record<string, unknown>>;

/** Member -> what its value must be; a `?` behind the name of one that may be missing. Other members are faults. */
type Shape = Readonly<Record<string, (value: unknown, at: string) => readonly string[]>>;

const wrong = (at: string, what: string): readonly string[] => [`${at}: ${what}`];
const text = (value: unknown, at: string): readonly string[] =>
  typeof value === "string" && value !== "" && value.isWellFormed() ? [] : wrong(at, "is no text");
const matching = (pattern: RegExp) => (value: unknown, at: string) =>
  typeof value === "string" && pattern.test(value) ? [] : wrong(at, `${JSON.stringify(value)} is not ${pattern}`);
const exactly = (wanted: unknown) => (value: unknown, at: string) =>
  value === wanted ? [] : wrong(at, `is not ${JSON.stringify(wanted)}`);
const list =
  (item: Shape[string], least = 0) =>
  (value: unknown, at: string) =>
    Array.isArray(value) && value.length >= least
      ? value.flatMap((one: unknown, index) => item(one, `${at}[${index}]`))
      : wrong(at, `is no list of ${least} or more`);

const members = (shape: Shape) => (value: unknown, at: string) => {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return wrong(at, "is no object");
  const given = value as Json;
  const names = Object.keys(shape).map((name) => ({ name: name.replace(/\?$/, ""), may: name.endsWith("?") }));
  return [
    ...Object.keys(given)
      .filter((name) => !names.some((known) => known.name === name))
      .flatMap((name) => wrong(at, `has no member ${name}`)),
    ...names.flatMap(({ name, may }) => {
      if (given[name] === undefined) return may ? [] : wrong(at, `lacks ${name}`);
      return shape[may ? `${name}?` : name]?.(given[name], `${at}.${name}`) ?? [];
    }),
  ];
};

const time = matching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
const spdxId = matching(/^SPDXRef-[A-Za-z0-9.-]+$/);
const purl = matching(/^pkg:[a-z]+\/[^\s?#]+(?:\?[^\s#]+)?$/);

/** SPDX 2.3, annex D: identifiers, references and operators. */
const expression = (value: unknown, at: string): readonly string[] => {
  if (value === "NOASSERTION") return [];
  const words = String(value)
    .replaceAll(/[()]/g, " ")
    .split(/\s+/)
    .filter((word) => word !== "" && !/^(?:AND|OR|WITH)$/.test(word));
  const known = words.every(
    (word) =>
      licenseId(word) === word || /^LicenseRef-[A-Za-z0-9.-]+$|-exception-|-exception$|-syscall-note$/.test(word),
  );
  return words.length > 0 && known ? [] : wrong(at, `${JSON.stringify(value)} is no licence expression`);
};

const spdx = members({
  spdxVersion: exactly("SPDX-2.3"),
  dataLicense: exactly("CC0-1.0"),
  SPDXID: exactly("SPDXRef-DOCUMENT"),
  name: text,
  documentNamespace: matching(/^[a-z][a-z0-9+.-]*:[^#\s]+$/),
  creationInfo: members({ created: time, creators: list(matching(/^(?:Tool|Organization|Person): .+$/), 1) }),
  packages: list(
    members({
      SPDXID: spdxId,
      name: text,
      "versionInfo?": text,
      "supplier?": matching(/^(?:Person|Organization): \S/),
      downloadLocation: exactly("NOASSERTION"),
      filesAnalyzed: exactly(false),
      "checksums?": list(
        members({ algorithm: matching(/^SHA(?:1|256|512)$/), checksumValue: matching(/^[0-9a-f]+$/) }),
      ),
      "homepage?": matching(/^https?:\/\//),
      "sourceInfo?": text,
      licenseConcluded: expression,
      licenseDeclared: expression,
      copyrightText: text,
      "summary?": text,
      "comment?": text,
      "primaryPackagePurpose?": exactly("CONTAINER"),
      "externalRefs?": list(
        members({
          referenceCategory: exactly("PACKAGE-MANAGER"),
          referenceType: exactly("purl"),
          referenceLocator: purl,
        }),
      ),
    }),
    1,
  ),
  "hasExtractedLicensingInfos?": list(
    members({ licenseId: matching(/^LicenseRef-[A-Za-z0-9.-]+$/), name: text, extractedText: text }),
  ),
  relationships: list(
    members({
      spdxElementId: spdxId,
      relationshipType: matching(/^(?:DESCRIBES|CONTAINS)$/),
      relatedSpdxElement: spdxId,
    }),
    1,
  ),
  "annotations?": list(
    members({ annotator: matching(/^Tool: /), annotationDate: time, annotationType: exactly("OTHER"), comment: text }),
  ),
});

/** Faults of an SPDX 2.3 document. */
export function spdxFaults(document: object): readonly string[] {
  const { packages, relationships, hasExtractedLicensingInfos } = document as {
    readonly packages: readonly { readonly SPDXID: string; readonly licenseDeclared: string }[];
    readonly relationships: readonly { readonly relatedSpdxElement: string }[];
    readonly hasExtractedLicensingInfos?: readonly { readonly licenseId: string }[];
  };
  const ids = packages.map(({ SPDXID }) => SPDXID);
  const related = new Set(relationships.map(({ relatedSpdxElement }) => relatedSpdxElement));
  const references = (hasExtractedLicensingInfos ?? []).map(({ licenseId: id }) => id);
  const named = packages.flatMap(({ licenseDeclared }) => licenseDeclared.match(/LicenseRef-[A-Za-z0-9.-]+/g) ?? []);
  return [
    ...spdx(document, "$"),
    ...unique("package", ids),
    ...unique("licence", references),
    ...ids.filter((id) => !related.has(id)).map((id) => `${id}: nothing relates to it`),
    ...named.filter((id) => !references.includes(id)).map((id) => `${id}: no text explains it`),
    ...references.filter((id) => !named.includes(id)).map((id) => `${id}: nothing names it`),
  ];
}

const property = members({ name: matching(/^slipway:[a-z-]+$/), value: text });

const cyclonedx = members({
  $schema: exactly("http://cyclonedx.org/schema/bom-1.6.schema.json"),
  bomFormat: exactly("CycloneDX"),
  specVersion: exactly("1.6"),
  serialNumber: matching(/^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/),
  version: exactly(1),
  metadata: members({
    timestamp: time,
    tools: members({ components: list(members({ type: exactly("application"), name: text, version: text }), 1) }),
    component: members({
      type: exactly("container"),
      "bom-ref": text,
      name: text,
      version: text,
      properties: list(property),
    }),
    "properties?": list(property),
  }),
  components: list(
    members({
      type: matching(/^(?:library|operating-system)$/),
      "bom-ref": text,
      "group?": text,
      name: text,
      "version?": text,
      "supplier?": members({ name: text }),
      "description?": text,
      "hashes?": list(
        members({
          alg: matching(/^SHA-(?:1|256|512)$/),
          content: matching(/^(?:[0-9a-f]{40}|[0-9a-f]{64}|[0-9a-f]{128})$/),
        }),
      ),
      "licenses?": (value, at) =>
        Array.isArray(value) && value.length === 1 && "expression" in (value[0] as Json)
          ? list(members({ expression }))(value, at)
          : list(members({ license: licenseOf }), 1)(value, at),
      "purl?": purl,
      "externalReferences?": list(members({ type: exactly("website"), url: matching(/^https?:\/\//) })),
      "properties?": list(property),
    }),
  ),
  dependencies: list(members({ ref: text, dependsOn: list(text) }), 1),
  compositions: list(members({ aggregate: matching(/^(?:unknown|incomplete)$/), assemblies: list(text, 1) })),
});

/** Either an identifier of the list, or a name. */
function licenseOf(value: unknown, at: string): readonly string[] {
  const { id } = value as Json;
  if (id === undefined) return members({ name: text })(value, at);
  const known = typeof id === "string" && licenseId(id) === id;
  return known ? members({ id: text })(value, at) : wrong(at, `${JSON.stringify(id)} is not of the list`);
}

/** Faults of a CycloneDX 1.6 document. */
export function cyclonedxFaults(document: object): readonly string[] {
  const { components, dependencies } = document as {
    readonly components: readonly { readonly "bom-ref": string }[];
    readonly dependencies: readonly { readonly dependsOn: readonly string[] }[];
  };
  const refs = components.map((one) => one["bom-ref"]);
  const lost = dependencies.flatMap(({ dependsOn }) => dependsOn).filter((ref) => !refs.includes(ref));
  return [...cyclonedx(document, "$"), ...unique("component", refs), ...lost.map((ref) => `${ref}: is nowhere`)];
}

function unique(what: string, ids: readonly string[]): readonly string[] {
  return ids.filter((id, at) => ids.indexOf(id) !== at).map((id) => `${what} ${id} is there twice`);
}
