// Started by in-sandbox.ts as some user: starts sandbox-child.ts the way the engine is started, and passes messages on.
import { spawn } from "node:child_process";
import { namespaceCommand } from "../../src/sandbox/index.ts";

const { command, args, env, warning } = namespaceCommand([
  process.execPath,
  `${process.argv[2]}/test/support/sandbox-child.ts`,
]);
const child = spawn(command, args, { stdio: ["ignore", "inherit", "inherit", "ipc"], env });
process.once("message", (order: object) => child.send({ ...order, warning: warning ?? null }));
child.once("message", (reply) => process.send?.(reply));
child.once("close", (code) => {
  process.exitCode = code ?? 1;
  process.disconnect();
});
