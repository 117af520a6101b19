import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { getSystemErrorName } from "node:util";

/** spawn.h, and waitpid(2). Structures are buffers that are large enough. */
export interface SpawnCalls {
  readonly start: Native;
  readonly actionsInit: Native;
  readonly actionsDestroy: Native;
  readonly addDup2: Native;
  readonly attributesInit: Native;
  readonly attributesDestroy: Native;
  readonly setFlags: Native;
  readonly setSignalDefault: Native;
  readonly setSignalMask: Native;
  readonly waitpid: Native;
}

/** A path as text, or as bytes where it is no UTF-8. */
export type Path = string | Uint8Array;

type Native = (...args: readonly unknown[]) => number;
interface Koffi {
  load(path: null): { func(name: string, result: string, parameters: readonly string[]): Native };
  errno(): number;
}

/** The C functions that slipway calls. Numbers cross as 64-bit integers, so one prototype of syscall(2) serves both architectures. */
export interface Libc {
  readonly errno: () => number;
  readonly unshare: Native;
  readonly mount: Native;
  readonly umount2: Native;
  readonly llistxattr: Native;
  readonly lgetxattr: Native;
  readonly lsetxattr: Native;
  readonly lremovexattr: Native;
  readonly utimensat: Native;
  readonly syncfs: Native;
  readonly read: Native;
  readonly pipe2: Native;
  readonly spawn: SpawnCalls;
  /** syscall(number, fd, path, integer, integer) */
  readonly syscallPath: Native;
  /** syscall(number, fd, path, bytes, size) */
  readonly syscallPathBytes: Native;
  /** syscall(number, path, integer) */
  readonly syscallName: Native;
  /** syscall(number, fd, integer, integer) */
  readonly syscallNumbers: Native;
  /** syscall(number, fd, command, key, value, integer) */
  readonly syscallConfig: Native;
  /** syscall(number, fd, path, fd, path, flags) */
  readonly syscallTwoPaths: Native;
  /** syscall(number, fd, path, flags, bytes, size) */
  readonly syscallAttributes: Native;
}

let loaded: Libc | undefined;

/** The C library of this process, bound at the first call: about 3 ms, so nothing that needs no system call pays for it. */
export function libc(): Libc {
  if (loaded) return loaded;
  const koffi = loadKoffi();
  const library = koffi.load(null);
  const int = "int64_t";
  const path = "const char *";
  const bytes = "void *";
  const syscall = (...parameters: string[]): Native => library.func("syscall", int, [int, ...parameters]);
  loaded = {
    errno: () => koffi.errno(),
    unshare: library.func("unshare", "int", ["int"]),
    mount: library.func("mount", "int", [path, path, path, "uint64_t", bytes]),
    umount2: library.func("umount2", "int", [path, "int"]),
    llistxattr: library.func("llistxattr", int, [path, bytes, "size_t"]),
    lgetxattr: library.func("lgetxattr", int, [path, path, bytes, "size_t"]),
    lsetxattr: library.func("lsetxattr", "int", [path, path, bytes, "size_t", "int"]),
    lremovexattr: library.func("lremovexattr", "int", [path, path]),
    utimensat: library.func("utimensat", "int", ["int", path, bytes, "int"]),
    syncfs: library.func("syncfs", "int", ["int"]),
    read: library.func("read", int, ["int", bytes, "size_t"]),
    pipe2: library.func("pipe2", "int", [bytes, "int"]),
    spawn: {
      start: library.func("posix_spawn", "int", [bytes, path, bytes, bytes, "const char **", "const char **"]),
      actionsInit: library.func("posix_spawn_file_actions_init", "int", [bytes]),
      actionsDestroy: library.func("posix_spawn_file_actions_destroy", "int", [bytes]),
      addDup2: library.func("posix_spawn_file_actions_adddup2", "int", [bytes, "int", "int"]),
      attributesInit: library.func("posix_spawnattr_init", "int", [bytes]),
      attributesDestroy: library.func("posix_spawnattr_destroy", "int", [bytes]),
      setFlags: library.func("posix_spawnattr_setflags", "int", [bytes, "short"]),
      setSignalDefault: library.func("posix_spawnattr_setsigdefault", "int", [bytes, bytes]),
      setSignalMask: library.func("posix_spawnattr_setsigmask", "int", [bytes, bytes]),
      waitpid: library.func("waitpid", "int", ["int", bytes, "int"]),
    },
    syscallPath: syscall(int, path, int, int),
    syscallPathBytes: syscall(int, path, bytes, "size_t"),
    syscallName: syscall(path, int),
    syscallNumbers: syscall(int, int, int),
    syscallConfig: syscall(int, int, path, path, int),
    syscallTwoPaths: syscall(int, path, int, path, int),
    syscallAttributes: syscall(int, path, int, bytes, "size_t"),
  };
  return loaded;
}

/** The prebuilt file by itself loads in a third of the time of its package; the package is the way out for unusual layouts. */
function loadKoffi(): Koffi {
  const require = createRequire(import.meta.url);
  const name = `@koromix/koffi-linux-${process.arch}`;
  for (const file of [() => require.resolve(name), () => createRequire(require.resolve("koffi")).resolve(name)]) {
    for (const build of [`linux_${process.arch}`, `musl_${process.arch}`]) {
      try {
        return require(join(dirname(file()), build, "koffi.node")) as Koffi;
      } catch {
        // another C library or another layout of node_modules: the next candidate, or the package itself, whose error tells why
      }
    }
  }
  return require("koffi") as Koffi;
}

/** An error as Node's fs would throw it. */
export function systemError(errno: number, syscall: string, what: string): NodeJS.ErrnoException {
  const code = getSystemErrorName(-errno);
  const error: NodeJS.ErrnoException = new Error(`${code}: ${syscall} ${what}`);
  error.code = code;
  error.errno = -errno;
  error.syscall = syscall;
  return error;
}

/** Passes a result on, or throws the errno of the call that gave -1. */
export function check(result: number, syscall: string, what: Path | string): number {
  if (result !== -1) return result;
  throw systemError(libc().errno(), syscall, typeof what === "string" ? what : Buffer.from(what).toString());
}

/** A path as the C library takes it. A NUL inside would cut it short and name another file, so it is refused. */
export function cPath(path: Path): string | Uint8Array {
  if (path.length === 0) throw systemError(2, "path", "an empty path");
  if (typeof path === "string") {
    if (path.includes("\0")) throw systemError(22, "path", `${JSON.stringify(path)} has a NUL`);
    return path;
  }
  if (path.includes(0)) throw systemError(22, "path", `${JSON.stringify(Buffer.from(path).toString())} has a NUL`);
  const terminated = new Uint8Array(path.length + 1);
  terminated.set(path);
  return terminated;
}
