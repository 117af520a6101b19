import { SlipwayError } from "../base/index.ts";
import type { Stage } from "../dockerfile/index.ts";
import type { SourceOp, Vertex } from "../graph/index.ts";
import type { NamedContext, PlanWarning } from "./contract.ts";
import { wrong } from "./refuse.ts";

/** The build argument that says which time all that is new in an image has (https://reproducible-builds.org/specs/source-date-epoch/). */
export const epochArg = "SOURCE_DATE_EPOCH";

/** What may lie behind a value that is a word. */
export interface EpochSources {
  /** Seconds since the epoch of the main context's commit or archive; undefined for a folder, which has no time of its own. */
  readonly contextTime: number | undefined;
  readonly namedContext: (name: string) => NamedContext | undefined;
  /** What a stage adds from elsewhere; undefined where there is no stage of that name. */
  readonly stageSource: (name: string) => Promise<SourceOp> | undefined;
  readonly sourceTime: (op: SourceOp) => Promise<number | undefined>;
}

export interface FoundEpoch {
  /** Seconds since the epoch; undefined when nothing sets it. */
  readonly epoch: number | undefined;
  readonly warnings: readonly PlanWarning[];
}

/** The last second that a time can be written with four digits of a year. */
const latest = Date.UTC(9999, 11, 31, 23, 59, 59) / 1000;

/**
 * The value of SOURCE_DATE_EPOCH: whole seconds; empty for none; `context`, the time of a remote context; the name of a context, or of a stage
 * that adds one thing from elsewhere, for the time of that. What has no time that means anything elsewhere, as a folder, sets none, which a warning
 * says.
 * Throws SLIP_USAGE for what is none of these.
 */
export async function readEpoch(text: string | undefined, sources: EpochSources): Promise<FoundEpoch> {
  if (text === undefined || text === "") return { epoch: undefined, warnings: [] };
  if (/^[+-]?\d{1,15}$/.test(text)) {
    const epoch = Number(text);
    if (epoch < 0 || epoch > latest) throw invalid(text, "give seconds since 1970, up to the year 9999");
    return { epoch, warnings: [] };
  }
  const epoch = await timeOf(text, sources);
  if (epoch !== undefined) return { epoch, warnings: [] };
  return { epoch, warnings: [noTime(text)] };
}

async function timeOf(text: string, sources: EpochSources): Promise<number | undefined> {
  if (text === "context") return sources.contextTime;
  const named = sources.namedContext(text);
  if (named) return named.type === "source" ? sources.sourceTime(named.op) : undefined;
  const source = sources.stageSource(text);
  if (source) return sources.sourceTime(await source);
  throw invalid(text, "give whole seconds since 1970, or `context` for the time of a remote context");
}

/** The one thing that a stage adds from elsewhere. Throws SLIP_DOCKERFILE for a stage that is more than that. */
export function onlySource(stage: Stage, vertices: readonly Vertex[]): SourceOp {
  const sources = vertices.flatMap(({ op }) => (op.kind === "http" || op.kind === "git" ? [op] : []));
  const adds = stage.instructions.filter(({ kind }) => kind === "add");
  const other = stage.instructions.find(({ kind }) => kind !== "add" && kind !== "arg");
  const [only, ...more] = sources;
  const scratch = vertices.every(({ op }) => op.kind !== "image");
  if (only && more.length === 0 && adds.length === 1 && !other && scratch) return only;
  throw wrong(
    `${epochArg} cannot be the time of the stage ${stage.name}: it is more or less than one ADD from elsewhere`,
    other?.location ?? stage.from.location,
    "the stage is FROM scratch with one ADD of a git repository or a URL, and ARGs",
  );
}

function noTime(text: string): PlanWarning {
  const what = text === "context" ? "the build context" : text;
  return {
    type: "warning",
    message: `${epochArg}=${text} sets no time: ${what} has none that others would find too`,
    hint: `folders and images have none; ${epochArg}=$(git log -1 --pretty=%ct) takes the time of the commit`,
  };
}

function invalid(text: string, hint: string): SlipwayError {
  return new SlipwayError({ code: "SLIP_USAGE", message: `Invalid ${epochArg} ${JSON.stringify(text)}`, hint });
}
