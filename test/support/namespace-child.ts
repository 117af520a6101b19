// Started by in-namespace.ts inside the namespaces: runs one exported function of a module and sends back what it gave.
interface Order {
  readonly module: string;
  readonly name: string;
  readonly argument: unknown;
}

process.once("message", (order: Order) => {
  void (async () => {
    try {
      const module = (await import(order.module)) as Record<string, (argument: unknown) => unknown>;
      const run = module[order.name];
      if (!run) throw new Error(`${order.module} does not export ${order.name}`);
      process.send?.({ ok: true, value: await run(order.argument) });
    } catch (error) {
      const { message, stack, code } = error as NodeJS.ErrnoException;
      process.send?.({ ok: false, message, stack, code });
    }
    process.disconnect();
  })();
});
