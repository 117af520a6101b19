import { expect, test } from "vitest";
import { callEngine } from "./engine-client.ts";

test("a call that was cancelled before it began ends as cancelled, and starts nothing", async () => {
  const call = callEngine("collect", { store: "/nowhere/at/all" }, { signal: AbortSignal.abort() });
  await expect(call).rejects.toMatchObject({ name: "SlipwayError", code: "SLIP_CANCELLED" });
});
