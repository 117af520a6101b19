import { arch as machineArch } from "node:os";
import { SlipwayError } from "../base/index.ts";
import type { DebianArch } from "../debian/index.ts";

/** Debian's name of this machine's architecture. Throws SLIP_UNSUPPORTED for one that slipway does not know. */
export function debianArch(): DebianArch {
  const arch = machineArch();
  if (arch === "x64") return "amd64";
  if (arch === "arm64") return "arm64";
  throw new SlipwayError({ code: "SLIP_UNSUPPORTED", message: `The architecture ${arch} is not supported yet` });
}
