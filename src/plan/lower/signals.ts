/** Names of Linux's signals without SIG, as Docker knows them. */
const names = new Set(
  (
    "ABRT ALRM BUS CHLD CLD CONT FPE HUP ILL INT IO IOT KILL PIPE POLL PROF PWR QUIT SEGV STKFLT STOP SYS TERM TRAP " +
    "TSTP TTIN TTOU URG USR1 USR2 VTALRM WINCH XCPU XFSZ RTMIN RTMAX"
  ).split(" "),
);

/** Dockerfile reference, "STOPSIGNAL": a name with or without SIG in any case, `RTMIN+1` to `RTMIN+15`, `RTMAX-1` to `RTMAX-14`, or a number. */
export function isSignal(text: string): boolean {
  if (/^\+?\d{1,9}$/.test(text)) return Number(text) !== 0;
  const name = text.toUpperCase().replace(/^SIG/, "");
  const realtime = /^RT(MIN\+|MAX-)([1-9]|1[0-5])$/.exec(name);
  if (realtime) return realtime[1] === "MIN+" || realtime[2] !== "15";
  return names.has(name);
}
