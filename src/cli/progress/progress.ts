import type { BuildEvent, SlipwayError } from "../../base/index.ts";
import type { BuildResult } from "../../index.ts";
import type { FailedStep } from "../print-error.ts";

/** Shows a build while it goes. */
export interface Progress {
  readonly event: (event: BuildEvent) => void;
  /** The build ended well: the display ends with warnings and a summary. */
  succeed(result: BuildResult): void;
  /**
   * The build failed: the display ends.
   * @returns what to print before the message, or "told" when the error was shown already.
   */
  fail(error: SlipwayError): FailedStep | "told" | undefined;
}
