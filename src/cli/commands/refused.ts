const oneShot = "slipway runs one command in a throw-away copy of an image: slipway run";
const noDaemon = "slipway has no daemon";

/** Commands of docker that slipway does not have, with what to do instead. */
export const refusedCommands: Readonly<Record<string, string>> = {
  search: "a registry's own pages are where to search",
  import: "images come into the store by slipway build alone: FROM scratch and ADD FILE.tar /",
  export: "slipway build --output type=tar,dest=FILE writes an image's files",
  commit: "images come into the store by slipway build alone",
  create: oneShot,
  start: oneShot,
  stop: oneShot,
  restart: oneShot,
  kill: oneShot,
  exec: oneShot,
  attach: oneShot,
  logs: oneShot,
  ps: oneShot,
  top: oneShot,
  wait: oneShot,
  cp: "slipway build --output DIR writes an image's files to a folder",
  diff: "slipway history shows what each step added, slipway compare how two images differ",
  compose: oneShot,
  volume: "slipway has no volumes: slipway run --volume HOST:PATH",
  network: "the network is the host's, or none: slipway run --network",
  info: `${noDaemon}: slipway version, slipway du`,
  events: `${noDaemon}: slipway build --progress=json tells what a build does`,
  context: `${noDaemon}: a store is chosen with --store`,
};
