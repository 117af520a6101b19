/** What root keeps in a container: Docker's default set (moby, daemon/pkg/oci/caps/defaults.go), 0xa80425fb in /proc/PID/status. */
export const defaultCapabilities: readonly string[] = [
  "CAP_CHOWN",
  "CAP_DAC_OVERRIDE",
  "CAP_FSETID",
  "CAP_FOWNER",
  "CAP_MKNOD",
  "CAP_NET_RAW",
  "CAP_SETGID",
  "CAP_SETUID",
  "CAP_SETFCAP",
  "CAP_SETPCAP",
  "CAP_NET_BIND_SERVICE",
  "CAP_SYS_CHROOT",
  "CAP_KILL",
  "CAP_AUDIT_WRITE",
];

/** All that there are, by their numbers (capabilities(7), Linux 5.9 and later). */
const every = `
  CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE
  NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT
  SYS_ADMIN SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL
  SETFCAP MAC_OVERRIDE MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE
`
  .trim()
  .split(/\s+/);

/**
 * The capabilities that a process of this one's may have at the most.
 * @param status /proc/self/status.
 */
export function ownCapabilities(status: string): readonly string[] {
  const bound = BigInt(`0x${/^CapBnd:\s*([0-9a-f]+)/m.exec(status)?.[1] ?? "0"}`);
  return every.flatMap((name, at) => ((bound >> BigInt(at)) & 1n ? [`CAP_${name}`] : []));
}

/** The capabilities of config.json: another user than root has them only as a bound, for programs that are setuid root. */
export function capabilitiesFor(
  uid: number,
  capabilities: readonly string[] = defaultCapabilities,
): Readonly<Record<string, readonly string[]>> {
  if (uid !== 0) return { bounding: capabilities };
  return { bounding: capabilities, effective: capabilities, permitted: capabilities };
}
