import { usage } from "../args.ts";
import { command } from "../command.ts";
import { printable } from "../text.ts";

const how = "write slipway login --username NAME --password-stdin [REGISTRY] < FILE";

export const login = command({
  name: "login",
  usage: "[OPTIONS] [REGISTRY]",
  summary: "Store credentials for a registry",
  description:
    "Tries them at the registry (default: Docker Hub), and stores them where docker keeps them: with the credential helper that its file names, else in ~/.docker/config.json.",
  examples: ["slipway login --username anna --password-stdin registry.example < token"],
  options: {
    username: { type: "string", short: "u", value: "NAME", help: "Name of the account" },
    "password-stdin": { type: "flag", help: "The password is the first line of standard input" },
  },
  refused: {
    password: "a password on the command line is in the list of processes: use --password-stdin",
    p: "a password on the command line is in the list of processes: use --password-stdin",
  },
  positionals: [0, 1],
  async run({ values, positionals: [registry] }, io) {
    const { username } = values;
    if (username === undefined || username === "") throw usage("Cannot log in without a user name", how);
    if (!values["password-stdin"]) throw usage("Cannot log in without a password", how);
    const password = (await io.readLine()) ?? "";
    if (password === "") throw usage("Cannot log in: the first line of standard input is empty", how);
    const done = await (await io.library()).login({ registry, username, password, signal: io.signal });
    io.stderr.write(`Logged in to ${printable(done.registry)}; the credentials are in ${printable(done.storedIn)}\n`);
  },
});
