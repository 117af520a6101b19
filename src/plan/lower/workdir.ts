import { posix } from "node:path";
import type { WorkdirInstruction } from "../../dockerfile/index.ts";
import { wrong } from "../refuse.ts";
import type { StageBuilder } from "../stage.ts";
import { expand } from "./words.ts";

/** Dockerfile reference, "WORKDIR": relative to the one before; created, for the current user, when it is not there. */
export function lowerWorkdir(instruction: WorkdirInstruction, stage: StageBuilder): void {
  const written = expand(instruction.path, stage, instruction.location);
  if (written === "") throw wrong("WORKDIR needs a path", instruction.location, "its variables are all empty");
  const path = posix.resolve(stage.workdir, written);
  stage.set({ WorkingDir: path });
  if (path === "/") {
    // It is there in every file system.
    stage.addNote("WORKDIR /");
    return;
  }
  const owner = stage.config.User || undefined;
  stage.addLayer({ kind: "mkdir", path, owner, time: stage.epoch }, [], instruction, `WORKDIR ${path}`);
}
