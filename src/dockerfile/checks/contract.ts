import type { SourceLocation, SourceSpan } from "../../base/index.ts";
import type { Dockerfile, Instruction, InstructionKind, Stage, Staged } from "../ast.ts";
import type { Expansion, StageScope } from "./stage-scope.ts";

/** What a check has to say about a place of the file. */
export interface Finding {
  /** BuildKit's name of the check. */
  readonly rule: string;
  /** What is the matter here. */
  readonly message: string;
  /** What the rule is about, whatever the place. */
  readonly detail: string;
  readonly location: SourceLocation;
}

/** What the checks must know of an image that a stage begins from. */
export interface BaseFacts {
  /** `NAME=value` of its configuration. */
  readonly env: readonly string[];
  /** It sets SHELL. */
  readonly shell: boolean;
  readonly onbuild: readonly string[];
  /** `linux/amd64`; undefined where it is not known, or there is none. */
  readonly platform?: string | undefined;
}

/** What the checks cannot read from the file. */
export interface CheckFacts {
  readonly buildArgs: Readonly<Record<string, string>>;
  /** The arguments that every build has: TARGETPLATFORM and its like. */
  readonly platformArgs: ReadonlyMap<string, string>;
  /** Patterns of the ignore file of the main context. */
  readonly ignore: readonly string[];
  /** Stage name or number; the checks of stages that it does not need are left out. Undefined: all stages. */
  readonly target: string | undefined;
  /** In lower case: names that stand for a named context, and no more for a stage. */
  readonly namedContexts: ReadonlySet<string>;
  /**
   * What is known of an image; undefined where it is not at hand. Not asked for scratch and stages.
   * @param platform what FROM --platform asks for.
   */
  readonly base: (image: string, platform: string | undefined) => BaseFacts | undefined;
}

/**
 * Tells of a finding. Nothing comes of it where `# check=skip=...` says so.
 * @param about the instruction that is marked, and whose comments may silence the rule.
 * @param span a part of it; without it the whole.
 */
export type Report = (about: Instruction, message: string, span?: SourceSpan) => void;

/** The whole file. `staged` is undefined where its stages are not well formed. */
export interface FileVisit {
  readonly dockerfile: Dockerfile;
  readonly staged: Staged | undefined;
}

/** A FROM, its variables replaced. */
export interface FromVisit {
  readonly stage: Stage;
  readonly image: Expansion;
  readonly platform: Expansion | undefined;
  /** Names that FROM may use. */
  readonly declared: ReadonlySet<string>;
  /** The image as it is named when no build arguments are given; undefined where that cannot be told. */
  readonly defaultImage: string | undefined;
  /** It goes on from another stage, or stands for a named context. */
  readonly isStage: boolean;
  readonly base: BaseFacts | undefined;
  readonly facts: CheckFacts;
}

/** An image that COPY --from or a mount takes from. */
export interface SourceVisit {
  readonly image: string;
  /** As in a Visit. */
  readonly about: Instruction;
  readonly base: BaseFacts | undefined;
  readonly facts: CheckFacts;
}

/** An instruction of a stage, with what the stage has come to before it. */
export interface Visit<I extends Instruction = Instruction> {
  readonly stage: Stage;
  readonly instruction: I;
  /** What findings are marked at: the instruction, or for a trigger of the base its FROM. */
  readonly about: Instruction;
  readonly scope: StageScope;
  readonly facts: CheckFacts;
}

/** One check. */
export interface Rule {
  readonly name: string;
  readonly detail: string;
  /** Silent unless it is asked for. */
  readonly experimental?: true;
  /** Called once. */
  readonly file?: (visit: FileVisit, report: Report) => void;
  /** Called for each stage. */
  readonly from?: (visit: FromVisit, report: Report) => void;
  /** Called for each image that the stages that are built take files from. */
  readonly source?: (visit: SourceVisit, report: Report) => void;
  /** Called for each instruction of its kind in the stages that are built. */
  readonly instructions?: {
    readonly [K in InstructionKind]?: (visit: Visit<Extract<Instruction, { kind: K }>>, report: Report) => void;
  };
}
