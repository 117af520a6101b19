import { cut, usage } from "./args.ts";

const methods = ["build", "check", "outline", "targets"] as const;

/** What `--call` asks for. */
export interface CallSpec {
  readonly method: (typeof methods)[number];
  readonly json: boolean;
  /** Findings do not make an exit code. */
  readonly ignoreStatus: boolean;
}

/** Reads `METHOD[,format=json][,ignorestatus=true]`, as docker takes it. Throws SLIP_USAGE. */
export function parseCall(text: string | undefined, check: boolean): CallSpec {
  const [name = "", ...fields] = (text ?? "build").split(",");
  const wanted = check && text === undefined ? "check" : name === "lint" ? "check" : name;
  const method = methods.find((one) => one === wanted);
  if (method === undefined) throw wrong(text, `the methods are ${methods.join(", ")}`);
  if (check && method !== "check") throw usage(`--check and --call=${text} exclude each other`);
  let json = false;
  let ignoreStatus = false;
  for (const field of fields) {
    const [key, value] = cut(field);
    if (key === "format" && (value === "json" || value === "text")) json = value === "json";
    else if (key === "ignorestatus" && /^(?:true|false|1|0)$/i.test(value ?? ""))
      ignoreStatus = /^(?:true|1)$/i.test(value ?? "");
    else throw wrong(text, "write --call=METHOD,format=json or --call=check,ignorestatus=true");
  }
  return { method, json, ignoreStatus };
}

function wrong(text: string | undefined, hint: string): Error {
  return usage(`Invalid value "${text}" for --call`, hint);
}
