import type { Ctx } from "../../base/index.ts";
import type { OwnBase } from "../../debian/index.ts";
import { familiarName, formatPlatform, parseReference, type Platform } from "../../oci/index.ts";
import type { AuditedBase, BuildBaseOptions, BuiltBase } from "../api/base-api.ts";
import { checkAttest } from "../attestations/check-attest.ts";
import { noteAttestations } from "../attestations/kept-attestations.ts";
import type { Engine } from "../engine/engine.ts";
import type { Plain } from "../engine/protocol.ts";
import { findImage } from "../images/find-image.ts";
import { readOutputs, storedNames } from "../outputs/read-outputs.ts";
import { auditBase, keepAudit, keptAudit } from "./audit-base.ts";
import { basePlatforms } from "./base-platforms.ts";
import { debianArch } from "./debian-arch.ts";
import { makeOwnBase } from "./make-own-base.ts";
import { readBaseFile } from "./own-base-files.ts";

type Options = Plain<BuildBaseOptions>;

/** The engine's part of `buildBase` for a base that a file describes; undefined for the name of a built-in base. */
export async function buildOwnBase(options: Options, engine: Engine, ctx: Ctx): Promise<BuiltBase | undefined> {
  const read = await readBaseFile(options);
  if (!read) return undefined;
  const { base, source } = read;
  const { store } = engine;
  for (const message of base.warnings) ctx.emit({ type: "warning", message });
  const platforms = basePlatforms(options.archs?.length ? options.archs : base.archs);
  // What cannot be written is known before anything is made.
  const outputs = readOutputs({ ...options, platforms: platforms.length });
  checkAttest(options.attest, outputs);
  await engine.checkReachable(outputs, ctx);

  const images = [];
  for (const platform of platforms) {
    const made = await makeOwnBase({ base, source, platform, mirror: options.debianMirror }, engine, ctx);
    const { size } = findImage(store, made.id);
    const audit = await auditOf(made.id, base, platform, options, engine, ctx);
    images.push({ imageId: made.id, platform: formatPlatform(platform), origin: made.origin, size, audit });
  }
  const ids = images.map(({ imageId }) => imageId);
  const [first, ...others] = ids;
  if (first === undefined) throw new Error("a base for no platform");
  const stored = storedNames(options);
  const names = options.tags?.length ? stored : [...stored, base.name];
  for (const name of names) store.images.tag(name, first, ...others);
  const attested = await noteAttestations({ options: { attest: options.attest }, ids, plans: undefined }, store);
  return {
    name: familiarName(parseReference(options.tags?.[0] ?? base.name)),
    images,
    outputs: outputs.length > 0 ? await engine.writeOutputs({ ids, outputs, attested }, ctx) : [],
  };
}

/** Of an image that was in the store, too, where nobody has looked into it yet. */
async function auditOf(
  id: BuiltBase["images"][number]["imageId"],
  { name, extends: builtIn, suite }: OwnBase,
  platform: Platform,
  { audit = "error", debianMirror }: Options,
  engine: Engine,
  ctx: Ctx,
): Promise<AuditedBase | undefined> {
  if (audit === "off") return undefined;
  const kept = keptAudit(engine.store, id);
  const { config, snapshots } = findImage(engine.store, id);
  const snapshot = snapshots.at(-1);
  if (kept?.findings === 0 || snapshot === undefined) return kept;
  const archive = { suite, arch: debianArch(platform), mirror: debianMirror, keyring: engine.keyring };
  const audited = await auditBase({ name, builtIn, snapshot, config, archive }, audit, engine, ctx);
  if (audited) keepAudit(engine.store, id, audited);
  return audited;
}
