/** Names of documents and layers: image-spec, media-types.md, and Docker's image manifest version 2, schema 2. */
export const mediaTypes = {
  oci: {
    index: "application/vnd.oci.image.index.v1+json",
    manifest: "application/vnd.oci.image.manifest.v1+json",
    config: "application/vnd.oci.image.config.v1+json",
    layer: {
      none: "application/vnd.oci.image.layer.v1.tar",
      gzip: "application/vnd.oci.image.layer.v1.tar+gzip",
      zstd: "application/vnd.oci.image.layer.v1.tar+zstd",
    },
  },
  docker: {
    index: "application/vnd.docker.distribution.manifest.list.v2+json",
    manifest: "application/vnd.docker.distribution.manifest.v2+json",
    config: "application/vnd.docker.container.image.v1+json",
    layer: {
      none: "application/vnd.docker.image.rootfs.diff.tar",
      gzip: "application/vnd.docker.image.rootfs.diff.tar.gzip",
      zstd: "application/vnd.docker.image.rootfs.diff.tar.zstd",
    },
  },
} as const;

export type MediaFormat = keyof typeof mediaTypes;

const foreign = /nondistributable|foreign/;

export function isIndexType(mediaType: string): boolean {
  return mediaType === mediaTypes.oci.index || mediaType === mediaTypes.docker.index;
}

export function isManifestType(mediaType: string): boolean {
  return mediaType === mediaTypes.oci.manifest || mediaType === mediaTypes.docker.manifest;
}

/** How a layer of that media type is compressed; undefined for what is no layer of files that slipway knows. */
export function layerCompression(mediaType: string): "none" | "gzip" | "zstd" | undefined {
  for (const family of [mediaTypes.oci.layer, mediaTypes.docker.layer]) {
    for (const compression of ["none", "gzip", "zstd"] as const) {
      if (family[compression] === mediaType) return compression;
    }
  }
  if (!foreign.test(mediaType)) return undefined;
  if (/[+.]gzip$/.test(mediaType)) return "gzip";
  return mediaType.endsWith("+zstd") ? "zstd" : "none";
}
