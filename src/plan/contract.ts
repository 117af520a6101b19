import type { BuildEvent, Digest, SourceLocation } from "../base/index.ts";
import type { Dockerfile } from "../dockerfile/index.ts";
import type { ExecSettings, SourceOp, Vertex } from "../graph/index.ts";
import type { ContainerConfig, History, ImageConfig, Platform } from "../oci/index.ts";

/** A base image as planning needs it: its identity and configuration, not its files. */
export interface PlannedImage {
  readonly id: Digest;
  /** The name it was asked for by. */
  readonly name: string;
  readonly config: ImageConfig;
  /** Where it came from, for people: `store`, `Debian archive ...`. */
  readonly origin: string;
}

/** Finds the image that a FROM or COPY --from names. Throws SLIP_IMAGE_UNKNOWN with the places it looked. */
export type ImageResolver = (name: string, platform: Platform) => Promise<PlannedImage>;

/** Hears of all that a build takes from elsewhere, and may put something more exact in its place. */
export interface InputWatch {
  /** A line names an image; told for each line, before the image is resolved. */
  readonly image: (name: string, platform: Platform, location: SourceLocation) => void;
  /** A line, or the command line where there is none, takes what lies on a server. Gives what is taken. */
  readonly source: (op: SourceOp, location: SourceLocation | undefined) => SourceOp;
}

/** What `--build-context name=...` stands for. */
export type NamedContext =
  | { readonly type: "folder"; readonly path: string; readonly ignore: readonly string[] }
  /** What brings its files from elsewhere. */
  | { readonly type: "source"; readonly op: SourceOp }
  /** A stage of the same Dockerfile, by name or number. */
  | { readonly type: "stage"; readonly stage: string }
  | { readonly type: "image"; readonly reference: string };

/** A right that a RUN asks for and the command line gives (docker buildx build, "--allow"). */
export type Entitlement = "network.host" | "security.insecure";

export interface PlanOptions {
  readonly dockerfile: Dockerfile;
  /** Stage name (any case) or number; undefined is the last stage. */
  readonly target?: string | undefined;
  readonly buildArgs: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  /** The main context: an absolute folder and its ignore patterns, or what brings its files from elsewhere. */
  readonly context: {
    readonly path: string;
    readonly ignore: readonly string[];
    readonly source?: SourceOp | undefined;
  };
  readonly namedContexts: Readonly<Record<string, NamedContext>>;
  /** What is built for. */
  readonly platform: Platform;
  /** The machine that builds; `platform` without it. */
  readonly buildPlatform?: Platform | undefined;
  /** The platform was asked for by name, so the image is of it; otherwise it is of the base's, which may be another. */
  readonly platformGiven?: boolean | undefined;
  /** One of several plans that are shown together: steps say what they are made for. */
  readonly namePlatforms?: boolean | undefined;
  /** When the main context was made (seconds since the epoch), for one that has such a time: a commit, an archive. */
  readonly contextTime?: number | undefined;
  /** When what comes from elsewhere was made, in seconds since the epoch: fetched for it, if SOURCE_DATE_EPOCH asks. */
  readonly sourceTime?: ((op: SourceOp) => Promise<number | undefined>) | undefined;
  readonly network: "host" | "none";
  readonly allow: ReadonlySet<Entitlement>;
  /** What every RUN gets. */
  readonly exec?: ExecSettings | undefined;
  readonly resolveImage: ImageResolver;
  readonly inputs?: InputWatch | undefined;
}

export type PlanWarning = Extract<BuildEvent, { type: "warning" }>;

/** One line of the image's history; with a vertex, it made a layer. */
export interface PlannedHistory {
  readonly entry: History;
  readonly layer: Vertex | undefined;
}

export interface PlannedStage {
  /** Its name, or `stage-N`. */
  readonly name: string;
  readonly index: number;
  readonly root: Vertex;
  /** What its processes run as. */
  readonly platform: Platform;
  /** Vertices that this stage added on its base, in order. */
  readonly own: readonly Vertex[];
  /** It goes on where another stage ended. */
  readonly onStage: boolean;
  /** The image is made of it: it is the target, or what the target's chain of FROM leads through. */
  readonly shipped: boolean;
}

/** A build as data: what to solve, and how the image looks around the result. */
export interface BuildPlan {
  readonly root: Vertex;
  /** Inputs before users; each vertex once. */
  readonly vertices: readonly Vertex[];
  readonly target: PlannedStage;
  /** Every stage that the target needs, itself included, in file order. */
  readonly stages: readonly PlannedStage[];
  /** Stages that nothing needs, each with the reason: `test: not needed by target app`. */
  readonly skippedStages: readonly string[];
  /** Of the image. */
  readonly platform: Platform;
  /** SOURCE_DATE_EPOCH, in seconds: the time of all that this build adds, and the latest that its files may have. */
  readonly epoch: number | undefined;
  readonly author: string | undefined;
  readonly config: ContainerConfig;
  /** The image at the bottom of the target's chain of stages; undefined over scratch. */
  readonly base: PlannedImage | undefined;
  /** What was done on that image, over all stages of the chain, in order. */
  readonly history: readonly PlannedHistory[];
  /** Name -> origin of each image used. */
  readonly bases: Readonly<Record<string, string>>;
  readonly warnings: readonly PlanWarning[];
}
