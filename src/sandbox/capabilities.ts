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

/** The capabilities of config.json: another user than root has them only as a bound, for programs that are setuid root. */
export function capabilitiesFor(uid: number): Readonly<Record<string, readonly string[]>> {
  if (uid !== 0) return { bounding: defaultCapabilities };
  return { bounding: defaultCapabilities, effective: defaultCapabilities, permitted: defaultCapabilities };
}
