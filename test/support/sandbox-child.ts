// Started by sandbox-launch.ts where the engine would be: enters the namespaces, then runs one exported function of a module.
import { enterNamespace } from "../../src/sandbox/index.ts";

interface Order {
  readonly module: string;
  readonly name: string;
  readonly argument: unknown;
  readonly warning: string | null;
}

const namespace = enterNamespace();

process.once("message", (order: Order) => {
  void (async () => {
    try {
      const module = (await import(order.module)) as Record<string, (argument: unknown, given: unknown) => unknown>;
      const run = module[order.name];
      if (!run) throw new Error(`${order.module} does not export ${order.name}`);
      process.send?.({ ok: true, value: await run(order.argument, { namespace, warning: order.warning }) });
    } catch (error) {
      const { message, stack } = error as Error;
      process.send?.({ ok: false, message, stack });
    }
    process.disconnect();
  })();
});
