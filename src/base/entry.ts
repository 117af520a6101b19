declare const SLIPWAY_BUNDLE: boolean | undefined;

/**
 * The module that a process or worker thread of slipway starts with.
 * @param name path below `src` without its ending: `layer/worker`, `engine`.
 * @returns the bundled file beside this one, or the TypeScript source when run unbundled.
 */
export function entryPoint(name: string): URL {
  const bundled = typeof SLIPWAY_BUNDLE !== "undefined" && SLIPWAY_BUNDLE;
  return bundled
    ? new URL(`./${name.replaceAll("/", "-")}.cjs`, import.meta.url)
    : new URL(`../${name}.ts`, import.meta.url);
}

/**
 * A file that the package ships beside its code.
 * @param path below the package's folder: `keyrings/debian-archive.pgp`.
 */
export function packageFile(path: string): URL {
  const bundled = typeof SLIPWAY_BUNDLE !== "undefined" && SLIPWAY_BUNDLE;
  return new URL(`${bundled ? ".." : "../.."}/${path}`, import.meta.url);
}
