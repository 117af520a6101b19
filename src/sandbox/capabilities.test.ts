import { expect, test } from "vitest";
import { ownCapabilities } from "./capabilities.ts";

test("capabilities are read from the bound of a process, by their numbers", () => {
  expect(ownCapabilities("Name:\tx\nCapBnd:\t0000000000000003\n")).toEqual(["CAP_CHOWN", "CAP_DAC_OVERRIDE"]);
  expect(ownCapabilities("CapBnd:\t0000010000200000\n")).toEqual(["CAP_SYS_ADMIN", "CAP_CHECKPOINT_RESTORE"]);
  expect(ownCapabilities("CapBnd:\t000001ffffffffff\n")).toHaveLength(41);
  // those of kernels to come are left out
  expect(ownCapabilities("CapBnd:\tffffffffffffffff\n")).toHaveLength(41);
  expect(ownCapabilities("")).toEqual([]);
});
