import { repl } from "./calculator.js";

process.stdin.setEncoding("utf8");
await repl(process.stdin, (text) => process.stdout.write(text));
