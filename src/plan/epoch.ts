import { SlipwayError } from "../base/index.ts";
import type { NamedContext, PlanWarning } from "./contract.ts";

/** The build argument that says which time all that is new in an image has (https://reproducible-builds.org/specs/source-date-epoch/). */
export const epochArg = "SOURCE_DATE_EPOCH";

/** What may lie behind a value that is a word. */
export interface EpochSources {
  /** Seconds since the epoch of the main context's commit or archive; undefined for a folder, which has no time of its own. */
  readonly contextTime: number | undefined;
  readonly namedContext: (name: string) => NamedContext | undefined;
  readonly isStage: (name: string) => boolean;
}

export interface FoundEpoch {
  /** Seconds since the epoch; undefined when nothing sets it. */
  readonly epoch: number | undefined;
  readonly warnings: readonly PlanWarning[];
}

/** The last second that a time can be written with four digits of a year. */
const latest = Date.UTC(9999, 11, 31, 23, 59, 59) / 1000;

/**
 * The value of SOURCE_DATE_EPOCH: whole seconds, empty for none, or `context`, the time of a remote context. A folder has no time that means
 * anything elsewhere: then it is as if it was not set, which a warning says.
 * Throws SLIP_USAGE for what is none of these, SLIP_UNSUPPORTED for the time of a stage.
 */
export function readEpoch(text: string | undefined, sources: EpochSources): FoundEpoch {
  if (text === undefined || text === "") return { epoch: undefined, warnings: [] };
  if (/^[+-]?\d{1,15}$/.test(text)) {
    const epoch = Number(text);
    if (epoch < 0 || epoch > latest) throw invalid(text, "seconds since 1970, up to the year 9999");
    return { epoch, warnings: [] };
  }
  const named = text === "context" ? undefined : sources.namedContext(text);
  if (text !== "context" && !named) {
    if (sources.isStage(text)) throw unsupportedStage(text);
    throw invalid(text, "give whole seconds since 1970, or `context` for the time of a remote context");
  }
  const epoch = named ? undefined : sources.contextTime;
  if (epoch !== undefined) return { epoch, warnings: [] };
  const message = `${epochArg}=${text} sets no time: ${named ? "that context" : "the build context"} is a folder, which has none that others would find too`;
  return {
    epoch: undefined,
    warnings: [
      { type: "warning", message, hint: `${epochArg}=$(git log -1 --pretty=%ct) takes the time of the commit` },
    ],
  };
}

function invalid(text: string, hint: string): SlipwayError {
  return new SlipwayError({ code: "SLIP_USAGE", message: `Invalid ${epochArg} ${JSON.stringify(text)}`, hint });
}

function unsupportedStage(name: string): SlipwayError {
  return new SlipwayError({
    code: "SLIP_UNSUPPORTED",
    message: `${epochArg}=${name}, the time of what a stage adds, is not supported yet`,
    hint: "give the time in seconds since 1970",
  });
}
