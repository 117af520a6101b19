import type { SlipwayErrorInit } from "../../base/index.ts";
import type { BuildOptions } from "./api.ts";

export type { Outline, OutlinedArg, OutlinedSecret, Target } from "../../dockerfile/index.ts";

/** What a Dockerfile is looked at with, when nothing is built. */
export type DescribeOptions = Pick<
  BuildOptions,
  "context" | "dockerfile" | "input" | "target" | "platforms" | "buildArgs" | "buildContexts" | "store" | "signal"
>;

/** The Dockerfile that was read. */
export interface DescribedFile {
  /** Its name as the user gave it. */
  readonly file: string;
  readonly text: string;
}

/** One finding of the build checks. */
export interface CheckFinding {
  /** BuildKit's name of the check. */
  readonly rule: string;
  /** What is the matter here. */
  readonly message: string;
  /** What the rule is about, whatever the place. */
  readonly detail: string;
  /** First and last line, from 1. */
  readonly lines: readonly [first: number, last: number];
  /** The lines with the place marked, for people. */
  readonly excerpt: string;
}

export interface CheckReport extends DescribedFile {
  readonly findings: readonly CheckFinding[];
  /** What would end the build before its first step; SLIP_CHECK when the file makes findings an error. */
  readonly error: SlipwayErrorInit | undefined;
}
