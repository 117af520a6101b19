import type { CommandIo } from "../io.ts";
import { makeStyle, wantsColour } from "../style.ts";
import type { Progress } from "./progress.ts";

export type { Progress } from "./progress.ts";

export const progressModes = ["auto", "tty", "plain", "json", "quiet"] as const;
/** Docker's names for json and quiet. */
export const dockerModes = ["rawjson", "none"] as const;
export type ProgressMode = (typeof progressModes)[number] | (typeof dockerModes)[number];

/** The renderer for a mode, on standard error; only that one is loaded. */
export async function openProgress(mode: ProgressMode, io: CommandIo): Promise<Progress> {
  const style = makeStyle(wantsColour(io.stderr, io.env));
  switch (mode) {
    case "json":
    case "rawjson":
      return (await import("./json.ts")).jsonProgress(io.stderr);
    case "quiet":
    case "none":
      return (await import("./quiet.ts")).quietProgress(io.now);
    case "auto":
    case "tty":
      if (mode === "tty" || (io.stderr.isTTY === true && io.env["TERM"] !== "dumb")) {
        const [{ TtyProgress }, { glyphsFor }] = await Promise.all([import("./tty.ts"), import("./frame.ts")]);
        return new TtyProgress({
          out: io.stderr,
          style,
          glyphs: glyphsFor(io.env),
          now: io.now,
          signal: io.signal,
          atExit: io.atExit,
        });
      }
      break;
    case "plain":
      break;
  }
  return new (await import("./plain.ts")).PlainProgress(io.stderr, style, io.now);
}
