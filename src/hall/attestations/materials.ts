import type { Material } from "../../attest/index.ts";
import { digestSet, imageUrl } from "../../attest/index.ts";
import type { Digest } from "../../base/index.ts";
import { shownRemote, withoutPassword } from "../../fetch/index.ts";
import type { GitOp, HttpOp, ImageOp, SourceOp } from "../../graph/index.ts";
import { familiarName, formatPlatform, parseReference, type Platform } from "../../oci/index.ts";
import { type Answers, heardCommit, heardFile } from "../../ops/index.ts";
import type { BuildPlan } from "../../plan/index.ts";
import { placeless } from "./placeless.ts";

/** What came from elsewhere into an image of a plan: base images, files and commits, each once, in the order of the plan. */
export function materialsOf(plan: BuildPlan, answers: Answers): readonly Material[] {
  const found = plan.vertices.flatMap(({ op }): readonly Material[] => {
    switch (op.kind) {
      case "image":
        return [imageMaterial(op, plan)];
      case "http":
      case "git":
      case "archive":
        return [sourceMaterial(op, answers)];
      default:
        return [];
    }
  });
  return [...new Map(found.map((one) => [JSON.stringify(one), one])).values()];
}

/** A file, a commit or an archive, as it was taken. */
export function sourceMaterial(op: SourceOp, answers: Answers): Material {
  if (op.kind === "http") return fileMaterial(op, answers);
  if (op.kind === "git") return gitMaterial(op, answers);
  return { uri: "urn:slipway:archive", digest: digestSet(op.digest) };
}

function fileMaterial(op: HttpOp, answers: Answers): Material {
  const digest = heardFile(op, answers);
  return { uri: withoutPassword(op.url), ...(digest && { digest: digestSet(digest) }) };
}

function gitMaterial(op: GitOp, answers: Answers): Material {
  const { remote, ref, subdir } = op.source;
  const commit = heardCommit(op, answers);
  const fragment = [ref ?? "", subdir ?? ""].join(":").replace(/:$/, "");
  return {
    uri: `${shownRemote(remote)}${fragment === "" ? "" : `#${fragment}`}`,
    ...(commit !== undefined && { digest: { [commit.length === 64 ? "sha256" : "sha1"]: commit } }),
  };
}

/**
 * A base. One of a registry has the digest that its name stood for there; one that was made from the archive or built here, which no registry knows, that
 * of its configuration.
 */
function imageMaterial({ name, id }: ImageOp, { bases, platform }: BuildPlan): Material {
  const origin = originOf(bases[name] ?? "");
  const digest = (origin["digest"] as Digest | undefined) ?? id;
  const { digest: _digest, ...annotations } = origin;
  return { uri: uriOf(name, platform), digest: digestSet(digest), annotations: { ...annotations, imageId: id } };
}

function uriOf(name: string, platform: Platform): string {
  if (name.includes("://")) return placeless(name);
  const reference = parseReference(name);
  const { tag, digest } = reference;
  const own = familiarName({ ...reference, tag: undefined, digest: undefined });
  return imageUrl(own.replace(/:latest$/, ""), tag ?? (digest === undefined ? "latest" : ""), {
    digest,
    platform: formatPlatform(platform),
  });
}

/** `archive [MIRROR] SUITE VERSION DATE` or `registry DOMAIN DIGEST`, with or without `store (...)` around it; else as it is. */
function originOf(text: string): Readonly<Record<string, string>> {
  const inner = /^store \((.*)\)$/.exec(text)?.[1] ?? text;
  const archive = /^archive (?:(\S+:\/\/\S+) )?(\S+)(?: (\S+))? (\d{4}-\d\d-\d\d)$/.exec(inner);
  if (archive) {
    const [, mirror, suite = "", version, snapshot = ""] = archive;
    return {
      origin: "archive",
      suite,
      snapshot,
      ...(version !== undefined && { version }),
      ...(mirror !== undefined && { mirror: withoutPassword(mirror) }),
    };
  }
  const [, registry, digest] = /^registry (\S+) (sha256:[0-9a-f]{64})$/.exec(inner) ?? [];
  if (registry !== undefined && digest !== undefined) return { origin: "registry", registry, digest };
  if (inner.startsWith("image layout ")) return { origin: "layout" };
  return { origin: inner === "" ? "store" : inner };
}
