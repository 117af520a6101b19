import { type Ctx, type Digest, SlipwayError } from "../../base/index.ts";
import type { ArchiveChoice, DebianArch } from "../../debian/index.ts";
import type { AuditFinding, AuditReport } from "../../inspect/index.ts";
import type { ImageConfig } from "../../oci/index.ts";
import type { SnapshotId, Store } from "../../store/index.ts";
import type { AuditedBase, AuditMode } from "../api/base-api.ts";
import type { Engine } from "../engine/engine.ts";
import { completing } from "./completing.ts";

/** A base that was made, before it is an image with a name. */
export interface BaseToAudit {
  /** For messages: `python3-debian13`. */
  readonly name: string;
  /** The name of a built-in base (`python3`): its recipe leaves out some things on purpose. */
  readonly builtIn?: string | undefined;
  readonly snapshot: SnapshotId;
  readonly config: Pick<ImageConfig, "architecture" | "config">;
  /** The archive that it was made of: asked for the packages that would complete it. */
  readonly archive: ArchiveChoice & { readonly suite: string; readonly arch: DebianArch };
}

/** More of one kind are counted. */
const mostShown = 40;

/**
 * Looks whether all that a base's files need is in it. What is missing is told with the package that has it: as an error, or as warnings.
 * @returns what was looked at; undefined when nobody asked.
 * @throws SLIP_AUDIT
 */
export async function auditBase(
  base: BaseToAudit,
  mode: AuditMode,
  engine: Engine,
  ctx: Ctx,
): Promise<AuditedBase | undefined> {
  if (mode === "off") return undefined;
  const { auditRoot } = await import("../../inspect/index.ts");
  await using view = await engine.snapshotter.view(base.snapshot);
  const { architecture, config } = base.config;
  const report = await auditRoot({
    root: await view.root(),
    architecture,
    env: config?.Env ?? [],
    base: base.builtIn,
  });
  if (report.findings.length > 0) await tell(base, report, mode, engine, ctx);
  const { findings, allowed, ...counts } = report;
  return { ...counts, findings: findings.length, allowed: allowed.reduce((sum, { files }) => sum + files.length, 0) };
}

/** Raised when more is looked at, so that older bases are looked at again. */
const version = 1;

/** Keeps with an image in the store what its audit looked at. */
export function keepAudit({ facts }: Store, id: Digest, audited: AuditedBase): void {
  facts.set(`audit ${version} ${id}`, audited, id);
}

/** What was kept of an image's audit. */
export function keptAudit({ facts }: Store, id: Digest): AuditedBase | undefined {
  return facts.get(`audit ${version} ${id}`) as AuditedBase | undefined;
}

async function tell(
  base: BaseToAudit,
  { findings }: AuditReport,
  mode: "error" | "warn",
  engine: Engine,
  ctx: Ctx,
): Promise<void> {
  const completed = await completing(
    findings.flatMap((finding) => needOf(finding) ?? []),
    base.archive,
    engine.store,
    ctx,
  );
  const has = (finding: AuditFinding): string | undefined => {
    const need = needOf(finding);
    return need && completed.packages.get(need.name)?.[0];
  };
  const lines = findings.map((finding) => findingText(finding, has(finding)));
  const packages = [...new Set(findings.flatMap((finding) => has(finding) ?? []))].sort();
  const hint = [
    packages.length > 0 ? `what is missing is in ${packages.join(", ")}` : undefined,
    completed.unasked,
    mode === "error" ? "--audit=warn makes the base all the same" : undefined,
  ]
    .filter((part) => part !== undefined)
    .join("; ");
  if (mode === "warn") {
    for (const message of shortened(lines)) ctx.emit({ type: "warning", code: "SLIP_AUDIT", message, hint });
    return;
  }
  const count = findings.length === 1 ? "one thing" : `${findings.length} things`;
  throw new SlipwayError({
    code: "SLIP_AUDIT",
    message: `Cannot use ${base.name} as a base: its audit found ${count} that cannot work`,
    output: shortened(lines).join("\n"),
    hint,
  });
}

/** What a package of the archive could bring. */
function needOf(finding: AuditFinding): { readonly kind: "library" | "program"; readonly name: string } | undefined {
  switch (finding.kind) {
    case "library":
      return finding.elsewhere === undefined ? { kind: "library", name: baseName(finding.needs) } : undefined;
    case "loader":
      return { kind: "library", name: baseName(finding.needs) };
    case "interpreter":
      return { kind: "program", name: baseName(finding.needs) };
    case "link":
      return /\.so(?:\.|$)/.test(finding.needs) ? { kind: "library", name: baseName(finding.needs) } : undefined;
    default:
      return undefined;
  }
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** One line for people. */
function findingText(finding: AuditFinding, completes?: string): string {
  const by = completes === undefined ? "" : `: the package ${completes} has it`;
  switch (finding.kind) {
    case "library":
      return finding.elsewhere === undefined
        ? `${finding.file} needs ${finding.needs}, which is not there${by}`
        : `${finding.file} needs ${finding.needs}, which is at ${finding.elsewhere}, where its loader does not look`;
    case "loader":
      return `${finding.file} needs the loader ${finding.needs}, which is not there${by}`;
    case "interpreter":
      return `${finding.file} is a script for ${finding.needs}, which is not there${by}`;
    case "link":
      return `${finding.file} is a link to ${finding.needs}, which is not there${by}`;
    case "machine":
      return `${finding.file} is for ${finding.needs}, another machine than the base's`;
    case "damaged":
      return `${finding.file} is a damaged program, perhaps cut off`;
    case "status":
      return `${finding.file} lacks ${finding.needs}: scanners do not see the package`;
  }
}

function shortened(lines: readonly string[]): readonly string[] {
  if (lines.length <= mostShown) return lines;
  return [...lines.slice(0, mostShown), `and ${lines.length - mostShown} more`];
}
