import type { EngineCall } from "./engine-client.ts";
import type { JobName, Jobs } from "./protocol.ts";

/** `callEngine` of engine-client, loaded when something is to be done: what the cache answers needs none of it. */
export async function callEngine<J extends JobName>(
  job: J,
  options: Jobs[J]["options"],
  call: EngineCall,
): Promise<Jobs[J]["answer"]> {
  const client = await import("./engine-client.ts");
  return client.callEngine(job, options, call);
}
