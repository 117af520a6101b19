import { isAbsent } from "./signed-release.ts";
import { type OpenedSuite, openSuite, type OpenSuiteOptions, wasOpened } from "./suite.ts";

/**
 * Opens the updates of an archive with keys of its own, which need not have any: undefined and a warning where it never had. Working offline what was
 * not there before is not asked for.
 * @throws as openSuite, also where updates that were seen before are gone
 */
export async function openUpdates(options: OpenSuiteOptions): Promise<OpenedSuite | undefined> {
  if (await wasOpened(options)) return openSuite(options);
  if (options.offline) return undefined;
  try {
    return await openSuite(options);
  } catch (error) {
    if (!isAbsent(error)) throw error;
    options.ctx.emit({
      type: "warning",
      code: "SLIP_NETWORK",
      message: `The archive has no ${options.suite}: what it has itself is all there is`,
      hint: "publish an empty suite of that name to be asked no more",
    });
    return undefined;
  }
}
