import { type Ctx, SlipwayError } from "../../base/index.ts";
import { builtInSuite, type DistrolessChoice } from "../../debian/index.ts";
import { familiarName, formatPlatform, parseReference } from "../../oci/index.ts";
import type { AuditedBase, AuditMode, BuildBaseOptions, BuiltBase } from "../api/base-api.ts";
import { checkAttest } from "../attestations/check-attest.ts";
import { noteAttestations } from "../attestations/kept-attestations.ts";
import type { Engine } from "../engine/engine.ts";
import type { Plain } from "../engine/protocol.ts";
import type { ImageRecord } from "../../store/index.ts";
import { findImage } from "../images/find-image.ts";
import { readOutputs, storedNames } from "../outputs/read-outputs.ts";
import { auditBase, keepAudit, keptAudit } from "./audit-base.ts";
import { basePlatforms } from "./base-platforms.ts";
import { buildOwnBase } from "./build-own-base.ts";
import { debianArch } from "./debian-arch.ts";
import { builtInReference } from "./named-base.ts";

/** The engine's part of `buildBase`. */
export async function buildBaseInEngine(
  options: Plain<BuildBaseOptions>,
  engine: Engine,
  ctx: Ctx,
): Promise<BuiltBase> {
  const { name, suite, nonroot = false, debug = false, debianMirror, audit = "error", attest } = options;
  const { store } = engine;
  const own = await buildOwnBase(options, engine, ctx);
  if (own) return own;
  const choice = { name, suite: builtInSuite(suite), nonroot, debug };
  const whole = await builtInReference(choice);
  const platforms = basePlatforms(options.archs);
  // What cannot be written is known before anything is made.
  const outputs = readOutputs({ ...options, platforms: platforms.length });
  checkAttest(attest, outputs);
  await engine.checkReachable(outputs, ctx);

  const images = [];
  for (const platform of platforms) {
    const made = await engine.makeBase(whole, platform, debianMirror, ctx, true, audit);
    if (!made) throw unknownBase(name);
    const record = findImage(store, made.id);
    const audited = await auditOf(record, { ...choice, audit, debianMirror, reference: whole }, engine, ctx);
    const { size } = record;
    images.push({ imageId: made.id, platform: formatPlatform(platform), origin: made.origin, size, audit: audited });
  }
  const ids = images.map(({ imageId }) => imageId);
  const [first, ...others] = ids;
  if (first === undefined) throw new Error("a base for no platform");
  // Who asks for a base by name wants to keep it.
  for (const id of ids) store.images.tagBeside(whole, id, { asked: true });
  for (const tag of storedNames(options)) store.images.tag(tag, first, ...others);
  const attested = await noteAttestations({ options: { attest }, ids, plans: undefined }, engine.store);
  return {
    name: familiarName(parseReference(whole)),
    images,
    outputs: outputs.length > 0 ? await engine.writeOutputs({ ids, outputs, attested }, ctx) : [],
  };
}

/** Of a base that was in the store, too, where nobody has looked into it yet. */
async function auditOf(
  { id, config, snapshots }: ImageRecord,
  base: DistrolessChoice &
    Pick<BuildBaseOptions, "debianMirror"> & { readonly audit: AuditMode; readonly reference: string },
  engine: Engine,
  ctx: Ctx,
): Promise<AuditedBase | undefined> {
  if (base.audit === "off") return undefined;
  const kept = keptAudit(engine.store, id);
  const top = snapshots.at(-1);
  if (kept?.findings === 0 || top === undefined) return kept;
  const { architecture } = config;
  const archive = { suite: base.suite, arch: debianArch(config), mirror: base.debianMirror, keyring: engine.keyring };
  const about = {
    name: base.reference,
    builtIn: base.name,
    snapshot: top,
    config: { architecture, config: config.config },
    archive,
  };
  const audited = await auditBase(about, base.audit, engine, ctx);
  if (audited) keepAudit(engine.store, id, audited);
  return audited;
}

function unknownBase(name: string): SlipwayError {
  return new SlipwayError({ code: "SLIP_IMAGE_UNKNOWN", message: `There is no built-in base "${name}"` });
}
