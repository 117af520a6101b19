/** What of an image's configuration is compared (image-spec, config.md). */
export interface ComparedConfig {
  readonly author?: string | undefined;
  readonly created?: string | undefined;
  readonly architecture?: string | undefined;
  readonly os?: string | undefined;
  readonly variant?: string | undefined;
  readonly config?: object | undefined;
  readonly history?: readonly HistoryEntry[] | undefined;
}

interface HistoryEntry {
  readonly created_by?: string | undefined;
  readonly created?: string | undefined;
  readonly author?: string | undefined;
  readonly empty_layer?: boolean | undefined;
}

export interface ConfigOptions {
  readonly history: boolean;
  readonly created: boolean;
  readonly platform: boolean;
  /** Entries of the history that the base image brought; they are left out. */
  readonly baseHistory: number;
}

const path = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/**
 * An image's configuration, a line a value: without what is empty, which says nothing, without what no two builds have the same,
 * and without the default PATH and the working folder `/`, which both the image `base` and a stage FROM scratch begin with.
 */
export function configText(image: ComparedConfig, options: ConfigOptions): string {
  const { author, config = {}, created, architecture, os, variant } = image;
  const own = Object.entries({ Env: [], WorkingDir: "", ...config }).sort(([a], [b]) => (a < b ? -1 : 1));
  return [
    ...(author ? [`Author ${JSON.stringify(author)}`] : []),
    ...own.flatMap(([key, value]) => linesOf(key, value).map((line) => `${key} ${line}`)),
    ...(options.created ? [`created ${seconds(created)}`] : []),
    ...(options.platform ? [`platform ${[os, architecture, variant].filter(Boolean).join("/")}`] : []),
    ...(options.history ? historyOf(image, options) : []),
  ]
    .map((line) => `${line}\n`)
    .join("");
}

function linesOf(key: string, value: unknown): readonly string[] {
  if (key === "WorkingDir") return value === "/" ? [] : [JSON.stringify(value)];
  if (key === "Env") {
    const variables = (value ?? []) as readonly string[];
    const others = variables.filter((variable) => variable !== path).map((variable) => JSON.stringify(variable));
    return variables.some((variable) => variable.startsWith("PATH=")) ? others : ["without PATH", ...others];
  }
  if (isEmpty(value)) return [];
  if (key === "OnBuild") return (value as readonly unknown[]).map((item) => JSON.stringify(item));
  if (key === "ExposedPorts" || key === "Volumes") return Object.keys(value as object).sort();
  if (key === "Labels") {
    const labels = Object.entries(value as object).sort(([a], [b]) => (a < b ? -1 : 1));
    return labels.map(([name, text]) => `${JSON.stringify(name)} = ${JSON.stringify(text)}`);
  }
  return [JSON.stringify(tidy(value))];
}

function historyOf({ history = [] }: ComparedConfig, { baseHistory, created }: ConfigOptions): readonly string[] {
  return history.slice(baseHistory).map((entry) => {
    // Who wrote the entry stands behind it.
    const by = JSON.stringify(entry.created_by?.replace(/ # (?:slipway|buildkit)$/, ""));
    const author = entry.author ? ` by ${JSON.stringify(entry.author)}` : "";
    return `history ${entry.empty_layer === true ? "(no layer) " : ""}${by}${author}${created ? ` ${seconds(entry.created)}` : ""}`;
  });
}

/** RFC 3339 without a fraction that is none. */
function seconds(time: string | undefined): string {
  return (time ?? "none").replace(/\.0+Z$/, "Z");
}

/** An object with its keys in order, without empty members. */
function tidy(value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  const entries = Object.entries(value).filter(([, item]) => !isEmpty(item));
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === "" || value === 0 || value === false) return true;
  return typeof value === "object" && Object.keys(value).length === 0;
}
