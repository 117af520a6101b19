/** One file system mounted over a place: data only, so that whoever makes mounts and whoever uses them need not know each other. */
export interface Mount {
  readonly type: "bind" | "overlay" | "tmpfs" | "proc" | "cgroup2";
  /** bind: the host path; overlay: the name "overlay"; otherwise the name of the type. */
  readonly source: string;
  /** Absolute path inside the root that it is mounted on; "/" for the root itself. */
  readonly target: string;
  /** mount(8) options; an overlay has `lowerdir+=PATH` once a layer (topmost first), `upperdir=`, `workdir=`, flags. */
  readonly options: readonly string[];
}
