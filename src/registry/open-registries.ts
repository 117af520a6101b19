import { SlipwayError } from "../base/index.ts";
import {
  type Descriptor,
  type Document,
  familiarName,
  type Index,
  type Manifest,
  type Reference,
} from "../oci/index.ts";
import type { RegistryClient, RegistryCtx, RegistryOptions } from "./contract.ts";
import { Endpoints } from "./endpoints.ts";
import { explain, explained } from "./explain.ts";
import { readManifest, resolveManifest } from "./manifests.ts";
import { pullImage, type Reading } from "./pull-image.ts";
import { Pusher } from "./push.ts";
import { listReferrers } from "./referrers.ts";
import { removeManifest } from "./remove.ts";
import { listTags } from "./tags.ts";
import { throughMirrors } from "./through-mirrors.ts";
import { ConsumerError, useBlob } from "./use-blob.ts";

const lackingBlob =
  "the registry has the image's manifest, and lacks a part of the image; whoever has it can push it again";

const connectionsOf = new WeakMap<RegistryClient, Endpoints["connections"]>();

/**
 * Opens a client of all registries; dispose of it when done, its connections are kept alive until then. Nothing is asked before the
 * first action.
 */
export function openRegistries(options: RegistryOptions = {}): RegistryClient {
  const endpoints = new Endpoints(options, options.beside && connectionsOf.get(options.beside));
  const pusher = new Pusher(endpoints);

  const read = (reference: Reference, ctx: RegistryCtx, expected?: Descriptor): Promise<Document<Manifest | Index>> =>
    throughMirrors(endpoints, reference, ctx, (remote) => readManifest(remote, reference, ctx, expected));

  const blob: RegistryClient["blob"] = async (reference, descriptor, use, ctx) => {
    try {
      return await throughMirrors(endpoints, reference, ctx, (remote) => useBlob(remote, descriptor, use, ctx));
    } catch (error) {
      // The consumer's own error is its own business.
      if (error instanceof ConsumerError && !ctx.signal.aborted) throw error.cause;
      throw explain(error, `fetch a blob of ${familiarName(reference)}`, ctx.signal, lackingBlob);
    }
  };

  const client: RegistryClient = {
    resolve: (reference, ctx) =>
      explained(`look up ${familiarName(reference)}`, ctx.signal, () =>
        throughMirrors(endpoints, reference, ctx, (remote) => resolveManifest(remote, reference, ctx)),
      ),
    manifest: (reference, ctx) => explained(`pull ${familiarName(reference)}`, ctx.signal, () => read(reference, ctx)),
    image: (reference, platform, ctx, lone) =>
      explained(`pull ${familiarName(reference)}`, ctx.signal, () => {
        const reading: Reading = {
          manifest: (part, expected) => read(part, ctx, expected),
          blob: (descriptor, use) => blob(reference, descriptor, use, ctx),
        };
        return pullImage(reference, familiarName(reference), platform, reading, lone);
      }),
    blob,
    push: (reference, content, ctx) =>
      explained(`push ${familiarName(reference)}`, ctx.signal, () => pusher.push(reference, content, ctx)),
    pushBlobs: (reference, blobs, ctx) =>
      explained(`push ${familiarName(reference)}`, ctx.signal, () => pusher.pushBlobs(reference, blobs, ctx)),
    pushGrowing: (reference, growing, ctx) =>
      explained(`push ${familiarName(reference)}`, ctx.signal, () => pusher.pushGrowing(reference, growing, ctx)),
    async *tags(reference, ctx) {
      const action = `list the tags of ${reference.domain}/${reference.path}`;
      const pages = listTags(() => endpoints.origin(reference.domain, reference.path, ctx), ctx);
      for (;;) {
        const { done, value } = await explained(action, ctx.signal, () => pages.next());
        if (done === true) return;
        yield* value;
      }
    },
    referrers: (reference, ctx, artifactType) =>
      explained(`list what refers to ${familiarName(reference)}`, ctx.signal, async () =>
        listReferrers(
          await endpoints.origin(reference.domain, reference.path, ctx),
          digestOf(reference),
          ctx,
          artifactType,
        ),
      ),
    remove: (reference, ctx) =>
      explained(`remove ${familiarName(reference)}`, ctx.signal, async () => {
        await removeManifest(await endpoints.origin(reference.domain, reference.path, ctx), reference, ctx);
        pusher.forget(reference);
      }),
    [Symbol.dispose]: () => endpoints[Symbol.dispose](),
  };
  connectionsOf.set(client, endpoints.connections);
  return client;
}

function digestOf(reference: Reference): NonNullable<Reference["digest"]> {
  if (reference.digest !== undefined) return reference.digest;
  throw new SlipwayError({
    code: "SLIP_REFERENCE",
    message: `Cannot list what refers to ${familiarName(reference)}: only a digest has referrers`,
    hint: "write the name as NAME@sha256:DIGEST",
  });
}
