import * as fc from "fast-check";
import { expect, test } from "vitest";
import { sha256 } from "../base/index.ts";
import type { FoundSoftware, SbomSubject, SoftwarePackage } from "./contract.ts";
import { cyclonedxDocument } from "./cyclonedx.ts";
import { cyclonedxFaults, spdxFaults } from "./shapes.fixture.ts";
import { spdxDocument } from "./spdx.ts";

const subject: SbomSubject = {
  name: "docker.io/library/app:1.0",
  imageId: sha256("image"),
  platform: "linux/amd64",
  created: "2026-11-21T10:11:12.345Z",
  layers: [{ diffId: sha256("base"), instruction: "ADD rootfs.tar /" }, { diffId: sha256("own") }],
  tool: { name: "slipway", version: "0.1.0" },
};

const found: FoundSoftware = {
  packages: [
    {
      kind: "dpkg",
      name: "libc6",
      version: "2.36-9+deb12u1",
      architecture: "amd64",
      source: { name: "glibc", version: "2.36-9" },
      licenses: ["LGPL-2.1+", "GPL-2+ with Something", "BSD-3-clause or Expat"],
      supplier: "GNU Libc <x@debian.org>",
      homepage: "https://example.org/",
      summary: "GNU C Library",
      path: "/var/lib/dpkg/status",
      layer: 0,
    },
    {
      kind: "java",
      group: "org.example",
      name: "app",
      version: "",
      path: "/app.jar",
      within: "BOOT-INF/lib/app.jar",
      layer: 1,
    },
    {
      kind: "npm",
      name: "@scope/a",
      version: "1.0.0",
      checksum: { algorithm: "sha512", value: "ab".repeat(64) },
      path: "/package-lock.json",
      declared: true,
    },
  ],
  distribution: { id: "debian", version: "12", name: "Debian GNU/Linux 12 (bookworm)" },
  notes: ["/x is larger than 1 MB and was not read"],
};

test("an SPDX document says what, where from, under which licences, and by which layer", () => {
  const document = spdxDocument(found, subject);
  expect(spdxFaults(document)).toEqual([]);
  expect(document).toMatchObject({
    name: "docker.io/library/app:1.0",
    creationInfo: { created: "2026-11-21T10:11:12Z", creators: ["Tool: slipway-0.1.0"] },
    packages: [
      { SPDXID: "SPDXRef-Image", primaryPackagePurpose: "CONTAINER", versionInfo: subject.imageId },
      {
        name: "libc6",
        versionInfo: "2.36-9+deb12u1",
        supplier: "Organization: GNU Libc (x@debian.org)",
        sourceInfo: "found in /var/lib/dpkg/status; built from glibc 2.36-9",
        licenseDeclared: "LGPL-2.1-or-later AND LicenseRef-GPL-2-with-Something-30992233 AND (BSD-3-Clause OR MIT)",
        comment: `layerID: ${sha256("base")}`,
        externalRefs: [
          {
            referenceLocator:
              "pkg:deb/debian/libc6@2.36-9%2Bdeb12u1?arch=amd64&distro=debian-12&upstream=glibc%402.36-9",
          },
        ],
      },
      { name: "org.example:app", sourceInfo: "found in /app.jar!BOOT-INF/lib/app.jar" },
      {
        name: "@scope/a",
        sourceInfo: "declared in /package-lock.json",
        checksums: [{ algorithm: "SHA512" }],
        externalRefs: [{ referenceLocator: "pkg:npm/%40scope/a@1.0.0" }],
      },
    ],
    annotations: [{ comment: "not read: /x is larger than 1 MB and was not read" }],
  });
});

test("a CycloneDX document says the same", () => {
  const document = cyclonedxDocument(found, subject);
  expect(cyclonedxFaults(document)).toEqual([]);
  expect(document).toMatchObject({
    metadata: {
      timestamp: "2026-11-21T10:11:12Z",
      component: {
        name: "docker.io/library/app:1.0",
        properties: [
          { value: "linux/amd64" },
          { name: "slipway:layer", value: `${sha256("base")} ADD rootfs.tar /` },
          { name: "slipway:layer", value: sha256("own") },
        ],
      },
      properties: [{ name: "slipway:not-read", value: "/x is larger than 1 MB and was not read" }],
    },
    components: [
      { type: "operating-system", name: "debian", version: "12" },
      { name: "libc6", purl: expect.stringContaining("pkg:deb/debian/libc6@") },
      { group: "org.example", name: "app", purl: "pkg:maven/org.example/app" },
      { name: "@scope/a", hashes: [{ alg: "SHA-512" }] },
    ],
    compositions: [{ aggregate: "incomplete" }],
  });
});

test("the same image gives the same documents, and another image others", () => {
  for (const write of [spdxDocument, cyclonedxDocument]) {
    const text = JSON.stringify(write(found, subject));
    expect(JSON.stringify(write(structuredClone(found), { ...subject }))).toBe(text);
    const other = JSON.stringify(write({ ...found, notes: [] }, subject));
    const [, id] = /"(?:documentNamespace|serialNumber)":"([^"]+)"/.exec(text) ?? [];
    expect(id).toBeDefined();
    expect(other).not.toContain(id);
  }
});

const optional = fc.option(fc.string({ unit: "binary", minLength: 1 }), { nil: undefined });
const words = fc.string({ unit: "binary", minLength: 1, maxLength: 30 });
const anyPackage: fc.Arbitrary<SoftwarePackage> = fc.record({
  kind: fc.constantFrom("dpkg", "apk", "rpm", "go", "npm", "python", "java"),
  name: words,
  version: fc.oneof(fc.constant(""), words),
  group: optional,
  architecture: optional,
  source: fc.option(fc.record({ name: words, version: optional }), { nil: undefined }),
  licenses: fc.option(
    fc.array(fc.oneof(fc.constantFrom("MIT", "GPL-2+ or MIT", "(", "MIT AND AND", "MIT WITH MIT"), words)),
    { nil: undefined },
  ),
  supplier: words.filter((name) => /^\S/.test(name)),
  summary: optional,
  path: words,
  within: optional,
  layer: fc.option(fc.nat(3), { nil: undefined }),
});

test("whatever packages say, the documents keep to their schemas", () => {
  const packages = fc.uniqueArray(anyPackage, { selector: (item) => JSON.stringify(item), maxLength: 5 });
  fc.assert(
    fc.property(packages, fc.array(words, { maxLength: 2 }), (items, notes) => {
      const any = { packages: items, notes, distribution: undefined };
      expect(cyclonedxFaults(cyclonedxDocument(any, subject))).toEqual([]);
      expect(spdxFaults(spdxDocument(any, subject))).toEqual([]);
    }),
    { numRuns: 150 },
  );
});
