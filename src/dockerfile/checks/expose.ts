import type { ExposeInstruction } from "../ast.ts";
import type { Rule, Visit } from "./contract.ts";

interface Port {
  readonly text: string;
  readonly protocol: string;
  /** An address or a port of the host stands before it. */
  readonly mapped: boolean;
}

export const exposeProtoCasing: Rule = {
  name: "ExposeProtoCasing",
  detail: "The protocol of EXPOSE is in lower case",
  instructions: {
    expose: (visit, report) => {
      for (const { text, protocol } of ports(visit)) {
        if (protocol !== protocol.toLowerCase()) report(visit.about, `The protocol of ${text} is not in lower case`);
      }
    },
  },
};

export const exposeInvalidFormat: Rule = {
  name: "ExposeInvalidFormat",
  detail:
    "EXPOSE names ports of the container, without an address or a port of the host; docker is to refuse them one day",
  instructions: {
    expose: (visit, report) => {
      for (const { text, mapped } of ports(visit)) {
        if (mapped) report(visit.about, `EXPOSE maps nothing: ${text} has an address or a port of the host`);
      }
    },
  },
};

function ports({ instruction, scope }: Visit<ExposeInstruction>): readonly Port[] {
  return instruction.ports.flatMap((word) => {
    const text = scope.expand(word).text ?? "";
    return text.split(/\s+/).filter(Boolean).map(port);
  });
}

function port(text: string): Port {
  const parts = text.split(":");
  const protocol = parts.at(-1)?.split("/")[1] ?? "";
  return { text, protocol, mapped: parts.slice(0, -1).some((part) => part !== "") };
}
