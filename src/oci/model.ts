import type { Bytes, Digest } from "../base/index.ts";

/** image-spec, image-index.md, "platform". */
export interface Platform {
  readonly os: string;
  readonly architecture: string;
  readonly variant?: string | undefined;
  readonly "os.version"?: string | undefined;
  readonly "os.features"?: readonly string[] | undefined;
}

/** image-spec, descriptor.md. */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: Digest;
  /** Bytes. */
  readonly size: number;
  readonly annotations?: Readonly<Record<string, string>> | undefined;
  readonly platform?: Platform | undefined;
}

/** image-spec, manifest.md. */
export interface Manifest {
  readonly schemaVersion: 2;
  readonly mediaType: string;
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
  readonly annotations?: Readonly<Record<string, string>> | undefined;
}

/** image-spec, image-index.md. */
export interface Index {
  readonly schemaVersion: 2;
  readonly mediaType: string;
  readonly manifests: readonly Descriptor[];
  readonly annotations?: Readonly<Record<string, string>> | undefined;
}

/** Docker's health check: durations in nanoseconds (moby, image specification 1.2). */
export interface HealthConfig {
  readonly Test?: readonly string[] | undefined;
  readonly Interval?: number | undefined;
  readonly Timeout?: number | undefined;
  readonly StartPeriod?: number | undefined;
  readonly StartInterval?: number | undefined;
  readonly Retries?: number | undefined;
}

/** image-spec, config.md, "config", with Docker's additions. */
export interface ContainerConfig {
  readonly User?: string | undefined;
  readonly ExposedPorts?: Readonly<Record<string, Record<string, never>>> | undefined;
  readonly Env?: readonly string[] | undefined;
  readonly Entrypoint?: readonly string[] | null | undefined;
  readonly Cmd?: readonly string[] | null | undefined;
  readonly Volumes?: Readonly<Record<string, Record<string, never>>> | undefined;
  readonly WorkingDir?: string | undefined;
  readonly Labels?: Readonly<Record<string, string>> | undefined;
  readonly StopSignal?: string | undefined;
  readonly ArgsEscaped?: boolean | undefined;
  readonly Healthcheck?: HealthConfig | undefined;
  readonly OnBuild?: readonly string[] | undefined;
  readonly Shell?: readonly string[] | undefined;
}

/** image-spec, config.md, "history". */
export interface History {
  readonly created?: string | undefined;
  readonly created_by?: string | undefined;
  readonly author?: string | undefined;
  readonly comment?: string | undefined;
  readonly empty_layer?: boolean | undefined;
}

/** image-spec, config.md. */
export interface ImageConfig {
  readonly created?: string | undefined;
  readonly author?: string | undefined;
  readonly architecture: string;
  readonly os: string;
  readonly variant?: string | undefined;
  readonly "os.version"?: string | undefined;
  readonly "os.features"?: readonly string[] | undefined;
  readonly config?: ContainerConfig | undefined;
  readonly rootfs: { readonly type: "layers"; readonly diff_ids: readonly Digest[] };
  readonly history?: readonly History[] | undefined;
}

/** A layer, made lazily: nothing is tarred or compressed before it is asked for. */
export interface Layer {
  readonly mediaType: string;
  /** Digest of the compressed blob. */
  digest(): Promise<Digest>;
  /** Digest of the uncompressed tar (image-spec, config.md, "Layer DiffID"). */
  diffId(): Promise<Digest>;
  /** Bytes of the compressed blob. */
  size(): Promise<number>;
  compressed(): Bytes;
  uncompressed(): Bytes;
}

/** An image that is never changed; changing functions give another. */
export interface Image {
  descriptor(): Promise<Descriptor>;
  config(): Promise<ImageConfig>;
  layers(): Promise<readonly Layer[]>;
}
