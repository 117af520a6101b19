import type { Instruction, Stage } from "../dockerfile/index.ts";
import { type OpSpec, type Vertex, vertex } from "../graph/index.ts";
import type { ContainerConfig } from "../oci/index.ts";
import type { PlannedHistory, PlannedImage } from "./contract.ts";
import { Scope } from "./scope.ts";

/** What a stage starts from: an image, another stage's end, or nothing. */
export interface StageBase {
  readonly fs: Vertex;
  readonly config: ContainerConfig;
  readonly image: PlannedImage | undefined;
  readonly history: readonly PlannedHistory[];
  readonly author: string | undefined;
  /** ARGs of the stage that ends so; whoever goes on from it has them too. */
  readonly args: ReadonlyMap<string, string | undefined>;
}

/** A stage while its instructions are lowered, one after the other. Lives only while planning. */
export class StageBuilder {
  readonly stage: Stage;
  readonly name: string;
  readonly image: PlannedImage | undefined;
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

  constructor(stage: Stage, name: string, base: StageBase, escape: "\\" | "`", total: number) {
    this.stage = stage;
    this.name = name;
    this.escape = escape;
    this.image = base.image;
    this.fs = base.fs;
    this.config = base.config;
    this.author = base.author;
    this.scope = new Scope(base.config.Env ?? [], base.args);
    this.history = [...base.history];
    this.#position = base.fs.op.kind === "image" ? 1 : 0;
    this.#total = total;
  }

  get shell(): readonly string[] {
    return this.config.Shell ?? ["/bin/sh", "-c"];
  }

  get workdir(): string {
    return this.config.WorkingDir || "/";
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
      position: [this.#position, this.#total],
      location: instruction.location,
    });
    this.own.push(this.fs);
    this.history.push({ entry: { created_by: createdBy, comment }, layer: this.fs });
  }

  /** Adds a line to the history that made no layer. */
  addNote(createdBy: string): void {
    this.history.push({ entry: { created_by: createdBy, comment, empty_layer: true }, layer: undefined });
  }

  end(): StageBase {
    const { fs, config, image, history, author } = this;
    return { fs, config: { ...config, Env: this.scope.env() }, image, history, author, args: this.scope.declared() };
  }
}

const comment = "slipway.dockerfile.v0";

/** How many steps of a stage are shown: its base image and every instruction that makes a layer. */
export function countSteps(fromImage: boolean, instructions: readonly Instruction[]): number {
  const layers = instructions.filter(({ kind }) => ["run", "copy", "add", "workdir"].includes(kind)).length;
  return layers + (fromImage ? 1 : 0);
}
