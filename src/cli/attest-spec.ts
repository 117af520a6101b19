import { didYouMean, SlipwayError } from "../base/index.ts";
import type { AttestOptions, ProvenanceOptions } from "../index.ts";
import { usage } from "./args.ts";
import { csvFields } from "./csv.ts";

interface AttestFlags {
  readonly attest: readonly string[];
  readonly sbom: string | undefined;
  readonly provenance: string | undefined;
  readonly "attest-as": string | undefined;
}

/** `--sbom` alone is `--sbom=true`. */
export const bareAttest = { value: "true", values: /^(?:[01tf]|true|false)$|^[a-z][a-z-]*=/i };

type Fields = Map<string, string>;

const sbomFormats = ["spdx-json", "cyclonedx-json", "all"] as const;

/**
 * What `--attest type=sbom|provenance,...` and its short forms `--sbom` and `--provenance` ask for; of several of one type the last counts (docker buildx build,
 * "--attest"). Undefined where they ask for nothing. Throws SLIP_USAGE, SLIP_UNSUPPORTED.
 */
export function parseAttest(flags: AttestFlags): AttestOptions | undefined {
  const asked = new Map<string, Fields | undefined>();
  if (flags["attest-as"] !== undefined && flags.attest.length === 0 && (flags.sbom ?? flags.provenance) === undefined)
    throw usage("--attest-as says how to attach, and nothing is to be attached", "add --sbom or --provenance");
  for (const text of flags.attest) {
    const fields = readFields("--attest", text);
    const type = fields.get("type");
    fields.delete("type");
    if (type !== "sbom" && type !== "provenance") {
      const hint = type === undefined ? "add type=sbom or type=provenance" : didYouMean(type, ["sbom", "provenance"]);
      throw usage(`No type of attestation in --attest ${text}`, hint ?? "it is type=sbom or type=provenance");
    }
    asked.set(type, withoutDisabled(fields, `--attest ${text}`));
  }
  if (flags.sbom !== undefined) asked.set("sbom", shortForm("--sbom", flags.sbom));
  if (flags.provenance !== undefined) asked.set("provenance", shortForm("--provenance", flags.provenance));
  const sbom = asked.get("sbom");
  const provenance = asked.get("provenance");
  if (!sbom && !provenance) return undefined;
  return {
    sbom: sbom && readSbom(sbom),
    provenance: provenance && readProvenance(provenance),
    attachAs: flags["attest-as"] as AttestOptions["attachAs"],
  };
}

function shortForm(flag: string, text: string): Fields | undefined {
  const asked = truth(text);
  if (asked !== undefined) return asked ? new Map() : undefined;
  if (!text.includes("=")) {
    throw usage(`Invalid value "${text}" for ${flag}`, `write ${flag}=true, or ${flag}=KEY=VALUE[,KEY=VALUE]`);
  }
  return withoutDisabled(readFields(flag, text), `${flag}=${text}`);
}

function readFields(flag: string, text: string): Fields {
  const fields: Fields = new Map();
  for (const [key, value] of csvFields(flag, text)) {
    if (value === undefined) throw usage(`Invalid field "${key}" in ${flag} ${text}`, "fields are key=value");
    fields.set(key.trim().toLowerCase(), value);
  }
  return fields;
}

function withoutDisabled(fields: Fields, shown: string): Fields | undefined {
  const disabled = takeTruth(fields, "disabled", shown);
  return disabled ? undefined : fields;
}

function readSbom(fields: Fields): NonNullable<AttestOptions["sbom"]> {
  const generator = take(fields, "generator");
  if (generator !== undefined) {
    throw new SlipwayError({
      code: "SLIP_UNSUPPORTED",
      message: `The SBOM generator ${generator} is not supported`,
      hint: "leave generator= away: slipway finds packages by itself, and runs no image for it",
    });
  }
  const format = take(fields, "format");
  const known = sbomFormats.find((one) => one === format);
  if (format !== undefined && known === undefined) {
    throw usage(
      `Unknown format "${format}" of an SBOM`,
      didYouMean(format, sbomFormats) ?? `it is ${sbomFormats.join(", ")}`,
    );
  }
  end(fields, "an SBOM", ["format"]);
  return { format: known };
}

function readProvenance(fields: Fields): ProvenanceOptions {
  const version = take(fields, "version") ?? "v1";
  if (version !== "v1") {
    throw new SlipwayError({
      code: "SLIP_UNSUPPORTED",
      message: `Provenance of version ${version} is not supported`,
      hint: "slipway writes SLSA v1: leave version= away",
    });
  }
  for (const [key, hint] of [
    ["capture-usage", "what steps take of the machine is not measured"],
    ["complete-materials", "the provenance itself says whether it knows all that went in: slipway_completeness"],
  ] as const) {
    if (!takeTruth(fields, key, "--provenance")) continue;
    throw new SlipwayError({ code: "SLIP_UNSUPPORTED", message: `Provenance with ${key} is not supported`, hint });
  }
  const mode = take(fields, "mode");
  if (mode !== undefined && mode !== "min" && mode !== "max" && mode !== "full") {
    throw usage(`Unknown mode "${mode}" of provenance`, didYouMean(mode, ["min", "max"]) ?? "it is min or max");
  }
  const builderId = take(fields, "builder-id");
  if (builderId !== undefined && !/^[a-z][a-z0-9+.-]*:\S+$/i.test(builderId)) {
    throw usage(`Invalid builder-id "${builderId}" of provenance`, "it is an address, such as that of a CI job");
  }
  const reproducible = takeTruth(fields, "reproducible", "--provenance");
  const inlineOnly = takeTruth(fields, "inline-only", "--provenance");
  end(fields, "provenance", ["mode", "builder-id", "reproducible", "inline-only", "version"]);
  return { mode: mode === "full" ? "max" : mode, builderId, reproducible, inlineOnly };
}

function take(fields: Fields, key: string): string | undefined {
  const value = fields.get(key);
  fields.delete(key);
  return value;
}

function takeTruth(fields: Fields, key: string, shown: string): boolean | undefined {
  const value = take(fields, key);
  if (value === undefined) return undefined;
  const known = truth(value);
  if (known === undefined) throw usage(`Invalid value "${value}" of ${key} in ${shown}`, "it is true or false");
  return known;
}

/** As Go reads truth (strconv.ParseBool). */
function truth(text: string): boolean | undefined {
  if (["1", "t", "T", "true", "TRUE", "True"].includes(text)) return true;
  return ["0", "f", "F", "false", "FALSE", "False"].includes(text) ? false : undefined;
}

function end(fields: Fields, what: string, known: readonly string[]): void {
  const [odd] = fields.keys();
  if (odd === undefined) return;
  throw usage(`Unknown field "${odd}" of ${what}`, didYouMean(odd, known) ?? `it takes ${known.join(", ")}`);
}
