import { SlipwayError } from "./errors.ts";

/**
 * What to throw when a change of owner failed: in a user namespace the kernel takes only ids that are mapped into it.
 * @param what the thing, as the user knows it.
 * @returns SLIP_SANDBOX where ids are the reason, otherwise the cause itself.
 */
export function ownerError(
  what: string,
  { uid, gid }: { readonly uid: number; readonly gid: number },
  cause: unknown,
): unknown {
  const { code } = cause as NodeJS.ErrnoException;
  if (code !== "EINVAL" && code !== "EPERM") return cause;
  return new SlipwayError({
    code: "SLIP_SANDBOX",
    message: `Cannot give ${JSON.stringify(what)} to ${uid}:${gid}: this user namespace does not have these ids`,
    hint: idsHint,
    cause,
  });
}

/** The remedy where an id lies outside of the user namespace. */
export const idsHint =
  "use smaller ids, or have a larger range in /etc/subuid and /etc/subgid (docs/rootless.md), or run as root";
