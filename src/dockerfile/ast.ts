import type { SourceLocation, SourceSpan } from "../base/index.ts";

/** A piece of the source. `text` is its value as the parser read it: continuations joined, but quotes, escapes and `$` still in it. */
export interface Token {
  readonly text: string;
  readonly span: SourceSpan;
}

/**
 * A token that the reference lets variables into (section "Environment replacement"). The parser never expands: whoever knows
 * the variables calls `expandWord(word.text, ...)`, which also removes the quotes. Fields typed `Token` are literal.
 */
export interface Word extends Token {
  readonly expandable: true;
}

/** `# name=value` at the very top of the file (section "Parser directives"). */
export interface Directive {
  readonly name: "syntax" | "escape" | "check";
  readonly value: Token;
  readonly span: SourceSpan;
}

/** `--name` or `--name=value` before the arguments. Quotes and escapes of the value are already removed, variables are not replaced. */
export interface Flag {
  readonly name: string;
  /** Undefined for `--name` without `=`. */
  readonly value: string | undefined;
  readonly span: SourceSpan;
  /** The part behind `=`; the end of the flag where there is none. */
  readonly valueSpan: SourceSpan;
}

/** A here-document (section "Here-Documents"): `<<NAME`, `<<-NAME`, `<<"NAME"`, with an optional file descriptor before `<<`. */
export interface Heredoc {
  readonly name: string;
  /** False where the name was quoted: then variables in the body stay as they are. */
  readonly expand: boolean;
  /** `<<-`: tabs at the start of each line do not count. */
  readonly stripTabs: boolean;
  /** Digits written before `<<`; undefined is 0. */
  readonly fd: number | undefined;
  /** The body with its line ends, tabs stripped where `stripTabs` says so. Ends with a line feed unless it is empty. */
  readonly content: string;
  /** The body with its tabs. */
  readonly raw: string;
  /** The `<<NAME` in the instruction's line. */
  readonly span: SourceSpan;
  /** The body, without the closing line. */
  readonly contentSpan: SourceSpan;
}

/** What every instruction has. */
interface InstructionBase<K extends string> {
  readonly kind: K;
  /** The keyword as it was written. */
  readonly keyword: Token;
  /** The instruction as one logical line, as written, comments and continuations removed; for progress and history. Without heredoc bodies. */
  readonly text: string;
  /** From the keyword to the end of the last line, heredocs included. */
  readonly span: SourceSpan;
  readonly location: SourceLocation;
  readonly flags: readonly Flag[];
  readonly heredocs: readonly Heredoc[];
  /** Comment lines right before it or between its lines, without `#` and the blanks around. */
  readonly comments: readonly Token[];
}

/** Section "Shell and exec form". Neither form has its variables replaced by the builder: a shell does that, or nobody. */
export type Command =
  | { readonly form: "exec"; readonly args: readonly Token[] }
  | { readonly form: "shell"; readonly script: Token };

/**
 * Arguments of RUN.
 * - `exec`, `shell`: as for CMD. A shell script with heredocs goes to the shell whole: `shellScript(run)` gives that text.
 * - `heredoc`: nothing but one `<<NAME`: its content is the script. With `#!` in front it is to be run as a file.
 */
export type RunCommand = Command | { readonly form: "heredoc"; readonly heredoc: Heredoc; readonly shebang: boolean };

/** FROM. Global ARGs replace variables in `image` and `platform`; never in `as`. */
export interface FromInstruction extends InstructionBase<"from"> {
  readonly image: Word;
  /** The name behind AS as written; `stages()` gives it in lower case. */
  readonly as: Token | undefined;
  readonly platform: Word | undefined;
}

/**
 * One `--mount` as written: its comma-separated fields. Any value but `from` may hold variables, the type too, so the options are
 * known only when those are replaced: `mountOption(mount, expand)`.
 */
export interface MountFlag {
  /** Keys in lower case; `value` is undefined for a key without `=`. */
  readonly fields: readonly { readonly key: string; readonly value: string | undefined }[];
  readonly span: SourceSpan;
  readonly location: SourceLocation;
}

/** Section "RUN --mount=type=bind". */
export interface BindMountOption {
  readonly type: "bind";
  readonly target: string;
  readonly source: string | undefined;
  readonly from: string | undefined;
  readonly readonly: boolean;
}

/** Owner and mode of what a mount makes. */
interface MountOwner {
  /** Octal in the file, a number here; undefined is 0755 for a cache, 0400 for a secret, 0600 for a socket. */
  readonly mode: number | undefined;
  readonly uid: number | undefined;
  readonly gid: number | undefined;
}

/** Section "RUN --mount=type=cache". */
export interface CacheMountOption extends MountOwner {
  readonly type: "cache";
  readonly target: string;
  /** Undefined: the target is the id. */
  readonly id: string | undefined;
  readonly source: string | undefined;
  readonly from: string | undefined;
  readonly readonly: boolean;
  readonly sharing: "shared" | "private" | "locked";
}

/** Section "RUN --mount=type=tmpfs". */
export interface TmpfsMountOption {
  readonly type: "tmpfs";
  readonly target: string;
  /** Bytes; undefined is without limit. */
  readonly size: number | undefined;
}

/** Sections "RUN --mount=type=secret" and "RUN --mount=type=ssh". */
export interface SecretMountOption extends MountOwner {
  readonly type: "secret" | "ssh";
  readonly target: string | undefined;
  readonly id: string | undefined;
  /** Secrets only: the name of an environment variable. */
  readonly env: string | undefined;
  readonly required: boolean;
}

/** One `--mount` understood. */
export type MountOption = BindMountOption | CacheMountOption | TmpfsMountOption | SecretMountOption;

/** RUN. The builder replaces variables in mounts only. */
export interface RunInstruction extends InstructionBase<"run"> {
  readonly command: RunCommand;
  readonly mounts: readonly MountFlag[];
  readonly network: "default" | "none" | "host";
  readonly security: "sandbox" | "insecure";
  readonly devices: readonly DeviceOption[];
}

/** RUN --device=[name=]class[,required]. */
export interface DeviceOption {
  readonly name: Word;
  readonly required: boolean;
  readonly span: SourceSpan;
}

export interface CmdInstruction extends InstructionBase<"cmd"> {
  readonly command: Command;
}

export interface EntrypointInstruction extends InstructionBase<"entrypoint"> {
  readonly command: Command;
}

/** `name=value` of ENV and LABEL: variables are replaced on both sides. */
export interface Pair {
  readonly name: Word;
  readonly value: Word;
}

export interface LabelInstruction extends InstructionBase<"label"> {
  readonly pairs: readonly Pair[];
}

/** All pairs of one ENV see the variables from before the instruction. */
export interface EnvInstruction extends InstructionBase<"env"> {
  readonly pairs: readonly Pair[];
}

/** One argument of ARG: variables are replaced in name and default. */
export interface ArgDeclaration {
  readonly name: Word;
  readonly value: Word | undefined;
}

/** The arguments of one ARG are declared in order: each sees those before it. */
export interface ArgInstruction extends InstructionBase<"arg"> {
  readonly args: readonly ArgDeclaration[];
}

/** Deprecated by the reference for LABEL org.opencontainers.image.authors. The name is literal. */
export interface MaintainerInstruction extends InstructionBase<"maintainer"> {
  readonly maintainer: Token;
}

/** Each word may expand to several (`expandWords`); `8080`, `8080/udp`, `8000-8010/tcp`. */
export interface ExposeInstruction extends InstructionBase<"expose"> {
  readonly ports: readonly Word[];
}

/**
 * A source of COPY or ADD. A path's variables are replaced; a heredoc's body has its variables replaced when `heredoc.expand`,
 * quotes kept (`expandWord` with `keepQuotes`), and its file is named as the heredoc.
 */
export type SourceArgument =
  | { readonly type: "path"; readonly path: Word }
  | { readonly type: "heredoc"; readonly heredoc: Heredoc };

interface FileCopy {
  /** In the order written; at least one. */
  readonly sources: readonly SourceArgument[];
  readonly destination: Word;
  readonly chown: Word | undefined;
  readonly chmod: Word | undefined;
  readonly link: boolean;
  readonly parents: boolean;
  readonly excludes: readonly Word[];
}

export interface CopyInstruction extends InstructionBase<"copy">, FileCopy {
  /** A stage's name or number, a named context or an image. */
  readonly from: Word | undefined;
}

export interface AddInstruction extends InstructionBase<"add">, FileCopy {
  readonly checksum: Word | undefined;
  readonly keepGitDir: boolean | undefined;
  /** Undefined: local archives are unpacked, remote ones are not. */
  readonly unpack: boolean | undefined;
}

export interface VolumeInstruction extends InstructionBase<"volume"> {
  readonly paths: readonly Word[];
}

export interface UserInstruction extends InstructionBase<"user"> {
  readonly user: Word;
}

export interface WorkdirInstruction extends InstructionBase<"workdir"> {
  readonly path: Word;
}

export interface StopsignalInstruction extends InstructionBase<"stopsignal"> {
  readonly signal: Word;
}

/** The trigger is parsed already; when the image becomes a base, `parseTrigger(onbuildText)` parses the recorded text again. */
export interface OnbuildInstruction extends InstructionBase<"onbuild"> {
  readonly trigger: Instruction;
  /** What an image's `OnBuild` records: the trigger's line and its heredoc bodies. */
  readonly expression: string;
}

/** `HEALTHCHECK NONE` has no `test`. Durations in nanoseconds; undefined means not given. */
export interface HealthcheckInstruction extends InstructionBase<"healthcheck"> {
  readonly test: Command | undefined;
  readonly interval: number | undefined;
  readonly timeout: number | undefined;
  readonly startPeriod: number | undefined;
  readonly startInterval: number | undefined;
  readonly retries: number | undefined;
}

export interface ShellInstruction extends InstructionBase<"shell"> {
  readonly args: readonly Token[];
}

export type Instruction =
  | AddInstruction
  | ArgInstruction
  | CmdInstruction
  | CopyInstruction
  | EntrypointInstruction
  | EnvInstruction
  | ExposeInstruction
  | FromInstruction
  | HealthcheckInstruction
  | LabelInstruction
  | MaintainerInstruction
  | OnbuildInstruction
  | RunInstruction
  | ShellInstruction
  | StopsignalInstruction
  | UserInstruction
  | VolumeInstruction
  | WorkdirInstruction;

export type InstructionKind = Instruction["kind"];

export interface Dockerfile {
  /** The file's name as given to the parser. */
  readonly file: string;
  /** The whole source. */
  readonly text: string;
  /** Backslash, or the backtick of `# escape=`. */
  readonly escape: "\\" | "`";
  readonly directives: readonly Directive[];
  readonly instructions: readonly Instruction[];
  /** Comment lines behind the last instruction. */
  readonly trailingComments: readonly Token[];
  /** The first empty line within each instruction that has one: allowed as yet. */
  readonly emptyContinuations: readonly SourceSpan[];
}

/** From one FROM to the next (section "FROM"). */
export interface Stage {
  readonly index: number;
  /** In lower case, as names are compared; undefined without AS. */
  readonly name: string | undefined;
  readonly from: FromInstruction;
  /** What follows FROM. */
  readonly instructions: readonly Instruction[];
}

/** The stages of a file, and the ARGs before the first FROM, which only FROM lines (and bare `ARG name` in a stage) see. */
export interface Staged {
  readonly globalArgs: readonly ArgInstruction[];
  readonly stages: readonly Stage[];
}
