import { SlipwayError } from "../../base/index.ts";
import { usage } from "../args.ts";
import { command } from "../command.ts";
import type { CommandIo } from "../io.ts";
import { printable } from "../text.ts";

/** What to do where there is no terminal to ask on. */
const how = "write slipway login --username NAME --password-stdin [REGISTRY] < FILE";

export const login = command({
  name: "login",
  usage: "[OPTIONS] [REGISTRY]",
  summary: "Store credentials for a registry",
  description:
    "Asks on the terminal for what is not given. Tries the credentials at the registry (default: Docker Hub), and stores them where docker keeps them: with the credential helper that its file names, else in ~/.docker/config.json.",
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
    const { username, password } = await credentials(values, io);
    const done = await (await io.library()).login({ registry, username, password, signal: io.signal });
    io.stderr.write(`Logged in to ${printable(done.registry)}; the credentials are in ${printable(done.storedIn)}\n`);
  },
});

/** As given, or as typed: the name is echoed, the password is not. */
async function credentials(
  {
    username: given,
    "password-stdin": piped,
  }: { readonly username: string | undefined; readonly "password-stdin": boolean },
  io: CommandIo,
): Promise<{ readonly username: string; readonly password: string }> {
  const asks = !piped && io.stdinIsTTY();
  const username = given ?? (asks ? await asked("Username: ", io.readLine, io) : "");
  if (username === "") throw usage("Cannot log in without a user name", how);
  if (piped) {
    const password = (await io.readLine()) ?? "";
    if (password === "") throw usage("Cannot log in: the first line of standard input is empty", how);
    return { username, password };
  }
  if (!asks) throw usage("Cannot log in without a password: standard input is no terminal to ask on", how);
  const password = await asked("Password: ", io.readSecret, io);
  io.stderr.write("\n");
  if (password === "") throw usage("Cannot log in without a password", how);
  return { username, password };
}

async function asked(prompt: string, read: () => Promise<string | undefined>, io: CommandIo): Promise<string> {
  io.stderr.write(prompt);
  const answer = await read();
  if (answer !== undefined && !io.signal.aborted) return answer;
  io.stderr.write("\n");
  throw new SlipwayError({ code: "SLIP_CANCELLED", message: "Cancelled" });
}
