import type { Instruction, Stage } from "../dockerfile/index.ts";
import { type OpSpec, type Vertex, vertex } from "../graph/index.ts";
import type { ContainerConfig, Platform } from "../oci/index.ts";
import type { PlannedHistory, PlannedImage } from "./contract.ts";
import { defaultPath, Scope } from "./scope.ts";

/** What a stage starts from: an image, another stage's end, or nothing. */
export interface StageBase {
  readonly fs: Vertex;
  /** What its programs are for, so far as anything tells. */
  readonly platform: Platform;
  readonly config: ContainerConfig;
  readonly image: PlannedImage | undefined;
  readonly history: readonly PlannedHistory[];
  readonly author: string | undefined;
  /** ARGs of the stage that ends so; whoever goes on from it has them too. */
  readonly args: ReadonlyMap<string, string | undefined>;
}

export interface StageOptions {
  readonly escape: "\\" | "`";
  /** How many of its steps are shown. */
  readonly total: number;
  /** Its base image is the first of them; FROM a stage is none. */
  readonly fromImage: boolean;
  readonly epoch: number | undefined;
  /** Its platform, where steps are told apart by it. */
  readonly shownPlatform: string | undefined;
}

/** A stage while its instructions are lowered, one after the other. Lives only while planning. */
export class StageBuilder {
  readonly stage: Stage;
  readonly name: string;
  readonly image: PlannedImage | undefined;
  readonly platform: Platform;
  /** SOURCE_DATE_EPOCH, in seconds. */
  readonly epoch: number | undefined;
  readonly scope: Scope;
  readonly escape: "\\" | "`";
  config: ContainerConfig;
  fs: Vertex;
  author: string | undefined;
  /** CMD was set in this stage: a later ENTRYPOINT then leaves it. */
  cmdSet = false;
  readonly own: Vertex[] = [];
  readonly history: PlannedHistory[];
  #position: number;
  readonly #total: number;
  readonly #shown: string | undefined;

  constructor(stage: Stage, name: string, base: StageBase, options: StageOptions) {
    this.stage = stage;
    this.name = name;
    this.escape = options.escape;
    this.epoch = options.epoch;
    this.#shown = options.shownPlatform;
    this.platform = base.platform;
    this.image = base.image;
    this.fs = base.fs;
    this.config = base.config;
    this.author = base.author;
    const env = base.config.Env ?? [];
    // As for docker build, a base without PATH gets the usual one, and the image has it then.
    const has = env.some((variable) => variable.startsWith("PATH=")) || base.platform.os === "windows";
    const path = has ? [] : [`PATH=${defaultPath}`];
    this.scope = new Scope([...env, ...path], base.args);
    this.history = [...base.history];
    this.#position = options.fromImage ? 1 : 0;
    this.#total = options.total;
  }

  get shell(): readonly string[] {
    return this.config.Shell ?? (this.platform.os === "windows" ? ["cmd", "/S", "/C"] : ["/bin/sh", "-c"]);
  }

  get workdir(): string {
    // Windows' folders are not looked into: see refuseForeignSystem.
    return this.platform.os === "windows" ? "/" : this.config.WorkingDir || "/";
  }

  /** Changes members of the configuration. */
  set(change: Partial<ContainerConfig>): void {
    this.config = { ...this.config, ...change };
  }

  /** Adds a step that makes a layer, on top of the file system so far. */
  addLayer(op: OpSpec, inputs: readonly Vertex[], instruction: Instruction, createdBy: string): void {
    this.#position++;
    this.fs = vertex(op, [this.fs, ...inputs], {
      text: instruction.text,
      stage: this.name,
      platform: this.#shown,
      position: [this.#position, this.#total],
      location: instruction.location,
      shell: op.kind === "exec" ? this.shell : undefined,
    });
    this.own.push(this.fs);
    this.history.push({ entry: { created_by: createdBy, comment }, layer: this.fs });
  }

  /**
   * Adds a step that makes a layer of its own, on nothing, which is then put on the file system so far (COPY --link). Only the step is shown.
   */
  addLinkedLayer(op: OpSpec, inputs: readonly Vertex[], instruction: Instruction, createdBy: string): void {
    const below = this.fs;
    this.fs = nothing;
    this.addLayer(op, inputs, instruction, createdBy);
    const { origin } = this.fs;
    this.fs = vertex({ kind: "link" }, [this.fs, below], {
      ...origin,
      text: `link ${origin.text}`,
      position: undefined,
    });
    // The layer of the image is the one in its place.
    this.own.splice(-1, 1, this.fs);
    this.history.push({ ...(this.history.pop() as PlannedHistory), layer: this.fs });
  }

  /** Adds a line to the history that made no layer. */
  addNote(createdBy: string): void {
    this.history.push({ entry: { created_by: createdBy, comment, empty_layer: true }, layer: undefined });
  }

  end(): StageBase {
    const { fs, platform, config, image, history, author } = this;
    const args = this.scope.declared();
    return { fs, platform, config: { ...config, Env: this.scope.env() }, image, history, author, args };
  }
}

const nothing = vertex({ kind: "scratch" }, [], { text: "FROM scratch" });
const comment = "slipway.dockerfile.v0";

/** How many steps of a stage are shown: its base image and every instruction that makes a layer. */
export function countSteps(fromImage: boolean, instructions: readonly Instruction[]): number {
  const layers = instructions.filter(({ kind }) => ["run", "copy", "add", "workdir"].includes(kind)).length;
  return layers + (fromImage ? 1 : 0);
}
