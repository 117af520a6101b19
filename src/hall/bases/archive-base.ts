import { type Ctx, type Digest, digestOf } from "../../base/index.ts";
import {
  type ArchiveImage,
  currentPackages,
  kindOf,
  type DebianPackage,
  type MadeBase,
  makeArchiveImage,
  parseArchiveName,
  renewRuntime,
  runsPrograms,
} from "../../debian/index.ts";
import {
  encodeConfig,
  familiarName,
  formatPlatform,
  type ImageConfig,
  parseReference,
  type Platform,
  platformFits,
} from "../../oci/index.ts";
import type { PlannedImage } from "../../plan/index.ts";
import type { Store } from "../../store/index.ts";
import type { AuditedBase, AuditMode } from "../api/base-api.ts";
import { auditBase, keepAudit } from "./audit-base.ts";
import { debianArch } from "./debian-arch.ts";
import { announce, endFailed, type Engine } from "../engine/engine.ts";
import { checkEmulation } from "./require-emulation.ts";
import { basePackagesOf, originKey, packagesKey, storedBase } from "./stored-base.ts";

interface ArchiveBaseOptions {
  readonly platform: Platform;
  readonly mirror: string | undefined;
  /** Ask the archive also for a base that is there. */
  readonly again?: boolean | undefined;
  /** An older state of the archive will do: whoever asks knows the packages. */
  readonly anyAge?: boolean | undefined;
  /** Default: what cannot work is told in warnings. */
  readonly audit?: AuditMode | undefined;
}

/** Other packages make another base, and another kind of base does; a new Release that has the same ones does not. */
function packagesText(base: ArchiveImage, packages: readonly DebianPackage[]): Digest {
  const kind = kindOf(base);
  return digestOf([...(kind === "" ? [] : [kind]), ...packages.map(({ name, sha256 }) => `${name} ${sha256}`)]);
}

type MakeOptions = Parameters<typeof currentPackages>[1];

async function isCurrent(
  { id }: PlannedImage,
  base: ArchiveImage,
  options: MakeOptions,
  { store }: Engine,
  ctx: Ctx,
): Promise<boolean> {
  const cache = { folder: store.path("debian", "."), blobs: store.blobs };
  const { packages } = await currentPackages(base, options, { cache, ctx });
  return basePackagesOf(store, id) === packagesText(base, packages);
}

/** The archive as it is now, so far as a base is concerned. */
export interface ArchiveState {
  /** `bookworm 12.15`. */
  readonly release: string;
  /** The newest Date of its releases: `2026-07-11T09:00:00Z`. */
  readonly date: string;
  /** Fingerprint of the key that signed the release; undefined for one that an older slipway checked. */
  readonly key?: string | undefined;
  /** Digest of the packages that a base would be made of. */
  readonly packages: Digest;
}

/**
 * Asks the archive what an image of it would be made of (`debian:bookworm`, `gcr.io/distroless/cc-debian13`); undefined for every other name.
 * @param options.anyAge whoever asks knows the packages: an older state of the archive will do.
 * @throws SLIP_NETWORK, SLIP_VERIFY, SLIP_PACKAGE
 */
export async function archiveState(
  name: string,
  { platform, ...choice }: Pick<ArchiveBaseOptions, "platform" | "mirror" | "anyAge"> & Pick<Engine, "keyring">,
  store: Store,
  ctx: Ctx,
): Promise<ArchiveState | undefined> {
  const base = parseArchiveName(familiarName(parseReference(name)));
  if (!base) return undefined;
  const cache = { folder: store.path("debian", "."), blobs: store.blobs };
  const asked = { arch: debianArch(platform), ...choice };
  const { archive, packages } = await currentPackages(base, asked, { cache, ctx });
  const [main] = archive.releases;
  const version = main?.version;
  return {
    release: `${archive.codename}${version === undefined ? "" : ` ${version}`}`,
    date: new Date(archive.date).toISOString().replace(/\.\d+Z$/, "Z"),
    key: main?.key,
    packages: packagesText(base, packages),
  };
}

/** Makes an image of the signed archive and keeps it under its name; undefined for a name that the archive has nothing for. */
export async function makeArchiveBase(
  name: string,
  { platform, mirror, again, anyAge, audit = "warn" }: ArchiveBaseOptions,
  engine: Engine,
  ctx: Ctx,
): Promise<PlannedImage | undefined> {
  const base = parseArchiveName(familiarName(parseReference(name)));
  if (!base) return undefined;
  const arch = debianArch(platform);
  if (runsPrograms(base)) await checkEmulation({ platform, what: `making ${name}`, top: undefined }, engine, ctx);
  const own = arch === debianArch();
  const step = `base ${name}${own ? "" : ` ${arch}`}`;
  await using _lock = await engine.store.lock(step, ctx.signal);
  // Another build may have made it while this one waited.
  const known = storedBase(engine.store, name, platform);
  const usable = known && platformFits(known.config, platform) && engine.store.images.use(known.id);
  if (usable && !again) return known;
  const started = Date.now();
  const options = { arch, mirror, keyring: engine.keyring, anyAge, step };
  announce(ctx, step, `${name} from the Debian archive${own ? "" : ` for ${formatPlatform(platform)}`}`);
  try {
    if (usable && (await isCurrent(known, base, options, engine, ctx))) {
      ctx.emit({ type: "step-done", id: step, duration: Date.now() - started, note: "up to date" });
      return known;
    }
    const [made] = await Promise.all([
      make(name, base, options, { platform, audit }, engine, ctx),
      runsPrograms(base) ? renew(engine, mirror, ctx) : undefined,
    ]);
    ctx.emit({ type: "step-done", id: step, duration: Date.now() - started, note: made.origin });
    return made;
  } catch (error) {
    endFailed(ctx, step, started, error);
    throw error;
  }
}

/** The archive is being read: the moment to look whether it has a newer runtime than the one that was brought. The old one is as good as it was. */
async function renew({ store, keyring }: Engine, mirror: string | undefined, ctx: Ctx): Promise<void> {
  const cache = { folder: store.path("debian", "."), blobs: store.blobs };
  await renewRuntime({ arch: debianArch(), into: store.path("runtime", "."), cache, ctx, mirror, keyring }).catch(
    () => undefined,
  );
}

async function make(
  name: string,
  base: ArchiveImage,
  options: MakeOptions,
  { platform, audit }: { readonly platform: Platform; readonly audit: AuditMode },
  engine: Engine,
  ctx: Ctx,
): Promise<PlannedImage> {
  const { store, snapshotter, namespace } = engine;
  const cache = { folder: store.path("debian", "."), blobs: store.blobs };
  const owner = namespace.kind === "single-id" ? "squash" : "keep";
  const made = await makeArchiveImage(
    base,
    { ...options, owner },
    { cache, snapshotter, executor: () => engine.executor(ctx), ctx },
  );
  const digest = engine.diffIdOf(made.snapshot.id);
  const audited = await lookInto(name, base, made, { platform, audit, archive: options }, engine, ctx).catch(
    async (error: unknown) => {
      await digest.catch(() => undefined);
      await snapshotter.remove(made.snapshot.id);
      throw error;
    },
  );
  const config: ImageConfig = {
    created: made.created,
    architecture: platform.architecture,
    os: platform.os,
    variant: platform.variant,
    config: made.config,
    rootfs: { type: "layers", diff_ids: [await digest] },
    history: made.history,
  };
  const { id, bytes } = encodeConfig(config);
  const { size } = made.snapshot;
  store.images.put({ id, config, snapshots: [made.snapshot.id], size, created: Date.parse(made.created) }, bytes);
  store.images.tagBeside(name, id);
  store.facts.set(originKey(id), made.origin, id);
  store.facts.set(packagesKey(id), packagesText(base, made.packages), id);
  if (audited) keepAudit(store, id, audited);
  return { id, name, config, origin: made.origin };
}

/** Of bases without a package manager: nothing in a running container would bring what is missing. */
async function lookInto(
  name: string,
  base: ArchiveImage,
  { snapshot, config }: MadeBase,
  how: { readonly platform: Platform; readonly audit: AuditMode; readonly archive: MakeOptions },
  engine: Engine,
  ctx: Ctx,
): Promise<AuditedBase | undefined> {
  if (base.kind !== "distroless") return undefined;
  const { architecture } = how.platform;
  const archive = { ...how.archive, suite: base.suite };
  return auditBase(
    { name, builtIn: base.name, snapshot: snapshot.id, config: { architecture, config }, archive },
    how.audit,
    engine,
    ctx,
  );
}
