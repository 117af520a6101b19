import { existsSync } from "node:fs";
import { type SlipwayError, type SlipwayErrorInit, toSlipwayError } from "../../base/index.ts";
import {
  type Dockerfile,
  formatLocation,
  listTargets,
  type Outline,
  outlineTarget,
  parseDockerfile,
  stages,
  type Target,
} from "../../dockerfile/index.ts";
import { defaultPlatform, type ImageConfig, type Platform, platformFits } from "../../oci/index.ts";
import { planBuild, platformArgs, targetStage } from "../../plan/index.ts";
import { defaultStoreRoot, openStore, type Store } from "../../store/index.ts";
import { checkBuild } from "./check-build.ts";
import type { CheckReport, DescribedFile, DescribeOptions } from "../api/describe-api.ts";
import type { BuildInput } from "../input/build-input.ts";
import { readDescribed } from "./describe-input.ts";
import { namedContext } from "../input/named-context.ts";
import { archiveConfig } from "../bases/archive-config.ts";
import { builtFor } from "../bases/platforms.ts";
import { storedBase } from "../bases/stored-base.ts";

/** As `checkDockerfile` of describe.ts. */
export async function checkDockerfile(options: DescribeOptions): Promise<CheckReport> {
  const input = await readDescribed(options);
  // A store that is not there is not made for that.
  using store = existsSync(options.store ?? defaultStoreRoot()) ? openStore(options.store) : null;
  const configOf = (name: string, platform: Platform): ImageConfig | undefined => knownConfig(store, name, platform);
  const about = { file: input.file, text: input.text };
  try {
    const dockerfile = parseDockerfile(input.text, { file: input.file });
    const checked = { dockerfile, options, ignore: input.ignore, configOf };
    const { findings, error } = checkBuild(checked, options.target || undefined);
    const failed = await planFailure(dockerfile, options, input, configOf);
    return {
      ...about,
      findings: findings.map(({ rule, message, detail, location }) => ({
        rule,
        message,
        detail,
        lines: [location.span.startLine, location.span.endLine],
        excerpt: formatLocation(location),
      })),
      error: failed ?? error?.toJSON(),
    };
  } catch (error) {
    return { ...about, findings: [], error: toSlipwayError(error).toJSON() };
  }
}

/** What would end the build while it is planned. Bases that are not at hand count as found. */
async function planFailure(
  dockerfile: Dockerfile,
  options: DescribeOptions,
  input: BuildInput,
  configOf: (name: string, platform: Platform) => ImageConfig | undefined,
): Promise<SlipwayErrorInit | undefined> {
  let guessed = false;
  try {
    const { platforms, given } = builtFor(options.platforms);
    const [platform] = platforms;
    const unknown: ImageConfig = { ...platform, config: {}, rootfs: { type: "layers", diff_ids: [] } };
    const all = stages(dockerfile).stages;
    const contexts = Object.entries(options.buildContexts ?? {});
    const planned = new Set<number>();
    const targets = options.target ? [targetStage(all, options.target, dockerfile)] : all.toReversed();
    for (const { index } of targets) {
      if (planned.has(index)) continue;
      const plan = await planBuild({
        dockerfile,
        target: String(index),
        buildArgs: options.buildArgs ?? {},
        labels: {},
        context: input.context,
        namedContexts: Object.fromEntries(contexts.map(([name, value]) => [name, namedContext(name, value)])),
        platform,
        buildPlatform: defaultPlatform(),
        platformGiven: given,
        network: "host",
        allow: new Set(["network.host", "security.insecure"]),
        resolveImage: async (name, wanted) => {
          const config = configOf(name, wanted);
          guessed ||= config === undefined;
          return { id: noId, name, origin: "", config: config ?? unknown };
        },
      });
      for (const stage of plan.stages) planned.add(stage.index);
    }
    return undefined;
  } catch (error) {
    const failure = toSlipwayError(error);
    return guessed && usesVariables(failure) ? undefined : failure.toJSON();
  }
}

/** The place has a variable, whose value may come from a base that is not at hand. */
function usesVariables({ location }: SlipwayError): boolean {
  if (location === undefined) return false;
  const { startLine, endLine } = location.span;
  return location.text
    .split("\n")
    .slice(startLine - 1, endLine)
    .some((line) => line.includes("$"));
}

const noId = `sha256:${"0".repeat(64)}` as const;

/** The configuration of an image in the store, or of the base that would be made of the archive. */
function knownConfig(store: Store | null, name: string, platform: Platform): ImageConfig | undefined {
  const stored = store && storedBase(store, name, platform);
  if (stored && (stored.origin === "store" || platformFits(stored.config, platform))) return stored.config;
  try {
    return archiveConfig(name, platform);
  } catch {
    // A tag or platform that the archive does not have: nothing is known of it.
    return undefined;
  }
}

/** As `targetsOf` of describe.ts. */
export async function targetsOf(
  options: DescribeOptions,
): Promise<DescribedFile & { readonly targets: readonly Target[] }> {
  const { dockerfile, about } = await readFile(options);
  return { ...about, targets: listTargets(dockerfile) };
}

/** As `outlineOf` of describe.ts. */
export async function outlineOf(options: DescribeOptions): Promise<DescribedFile & { readonly outline: Outline }> {
  const { dockerfile, about } = await readFile(options);
  const [platform] = builtFor(options.platforms).platforms;
  const { buildArgs = {} } = options;
  const target = targetStage(stages(dockerfile).stages, options.target, dockerfile);
  const outline = outlineTarget(dockerfile, {
    buildArgs,
    platformArgs: platformArgs(defaultPlatform(), platform, options.target ?? "default"),
    target: String(target.index),
  });
  return { ...about, outline };
}

async function readFile(
  options: DescribeOptions,
): Promise<{ readonly dockerfile: Dockerfile; readonly about: DescribedFile }> {
  const { file, text } = await readDescribed(options);
  return { dockerfile: parseDockerfile(text, { file }), about: { file, text } };
}
