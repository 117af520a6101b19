import { expect, test } from "vitest";
import { parseAttest } from "./attest-spec.ts";

const none = { attest: [], sbom: undefined, provenance: undefined, "attest-as": undefined };

test.each([
  [{}, undefined],
  [{ sbom: "true" }, { sbom: {} }],
  [{ sbom: "format=all" }, { sbom: { format: "all" } }],
  [{ sbom: "false", provenance: "0" }, undefined],
  [{ provenance: "true" }, { provenance: {} }],
  [{ provenance: "mode=min,builder-id=https://ci/1" }, { provenance: { mode: "min", builderId: "https://ci/1" } }],
  [{ provenance: "mode=full,reproducible=true" }, { provenance: { mode: "max", reproducible: true } }],
  [
    { attest: ["type=sbom", "type=provenance,mode=max,version=v1,inline-only=1"] },
    { sbom: {}, provenance: { mode: "max", inlineOnly: true } },
  ],
  [{ attest: ["type=provenance,mode=min"], provenance: "false" }, undefined],
  [{ attest: ["type=provenance,mode=min", "type=provenance,mode=max"] }, { provenance: { mode: "max" } }],
  [{ attest: ["type=sbom", "type=sbom,disabled=true"] }, undefined],
  [
    { sbom: "true", "attest-as": "referrers" },
    { sbom: {}, attachAs: "referrers" },
  ],
])("%j asks for %j", (given, wanted) => {
  expect(parseAttest({ ...none, ...given })).toEqual(wanted);
});

test.each([
  [{ sbom: "yes" }, "SLIP_USAGE", 'Invalid value "yes"'],
  [{ sbom: "." }, "SLIP_USAGE", 'Invalid value "."'],
  [{ sbom: "generator=docker/x" }, "SLIP_UNSUPPORTED", "The SBOM generator docker/x"],
  [{ sbom: "format=json" }, "SLIP_USAGE", 'Unknown format "json"'],
  [{ sbom: "colour=red" }, "SLIP_USAGE", 'Unknown field "colour"'],
  [{ provenance: "version=v0.2" }, "SLIP_UNSUPPORTED", "version v0.2"],
  [{ provenance: "mode=mid" }, "SLIP_USAGE", 'Unknown mode "mid"'],
  [{ provenance: "builder-id=me" }, "SLIP_USAGE", "builder-id"],
  [{ provenance: "reproducible=maybe" }, "SLIP_USAGE", "reproducible"],
  [{ provenance: "capture-usage=true" }, "SLIP_UNSUPPORTED", "capture-usage"],
  [{ attest: ["mode=max"] }, "SLIP_USAGE", "No type"],
  [{ attest: ["type=provenanc"] }, "SLIP_USAGE", "No type"],
  [{ attest: ["sbom"] }, "SLIP_USAGE", 'Invalid field "sbom"'],
  [{ "attest-as": "referrers" }, "SLIP_USAGE", "nothing is to be attached"],
])("%j is refused", (given, code, message) => {
  expect(() => parseAttest({ ...none, ...given })).toThrow(
    expect.objectContaining({ code, message: expect.stringContaining(message) }),
  );
});
