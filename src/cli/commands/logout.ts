import { command } from "../command.ts";
import { printable } from "../text.ts";

export const logout = command({
  name: "logout",
  usage: "[REGISTRY]",
  summary: "Forget the credentials for a registry",
  description: "The registry is Docker Hub without an argument.",
  examples: ["slipway logout registry.example"],
  options: {},
  positionals: [0, 1],
  async run({ positionals: [registry] }, io) {
    const done = await (await io.library()).logout({ registry, signal: io.signal });
    const said = done.had ? "Logged out of" : "There are no credentials for";
    io.stderr.write(`${said} ${printable(done.registry)}\n`);
  },
});
