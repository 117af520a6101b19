import type { Instruction } from "../../dockerfile/index.ts";
import type { StageBuilder } from "../stage.ts";
import { refuseForeignSystem } from "./foreign-system.ts";
import { lowerAdd, lowerCopy } from "./copy.ts";
import * as metadata from "./metadata.ts";
import { lowerRun } from "./run.ts";
import type { Surroundings } from "./surroundings.ts";
import { lowerArg, lowerEnv } from "./variables.ts";
import { lowerWorkdir } from "./workdir.ts";

export type { Surroundings } from "./surroundings.ts";

/** Applies one instruction to the stage: changes its configuration or variables, or adds a vertex on its file system. */
export async function lower(instruction: Instruction, stage: StageBuilder, around: Surroundings): Promise<void> {
  refuseForeignSystem(instruction, stage);
  switch (instruction.kind) {
    case "run":
      return lowerRun(instruction, stage, around);
    case "copy":
      return lowerCopy(instruction, stage, around);
    case "add":
      return lowerAdd(instruction, stage, around);
    case "workdir":
      return lowerWorkdir(instruction, stage);
    case "env":
      return lowerEnv(instruction, stage);
    case "arg":
      return lowerArg(instruction, stage, around);
    case "label":
      return metadata.lowerLabel(instruction, stage);
    case "maintainer":
      return metadata.lowerMaintainer(instruction, stage);
    case "expose":
      return metadata.lowerExpose(instruction, stage);
    case "user":
      return metadata.lowerUser(instruction, stage);
    case "volume":
      return metadata.lowerVolume(instruction, stage);
    case "cmd":
      return metadata.lowerCmd(instruction, stage);
    case "entrypoint":
      return metadata.lowerEntrypoint(instruction, stage);
    case "stopsignal":
      return metadata.lowerStopsignal(instruction, stage);
    case "shell":
      return metadata.lowerShell(instruction, stage);
    case "healthcheck":
      return metadata.lowerHealthcheck(instruction, stage);
    case "onbuild":
      return metadata.lowerOnbuild(instruction, stage);
    case "from":
      throw new Error("FROM begins a stage and is never inside one");
  }
}
