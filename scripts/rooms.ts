/**
 * The floors of the house, from the ground up, and the rooms of each: the one table that the lint configuration and
 * the architecture test are made from. Imports go strictly down, never sideways, and only through a room's door.
 */
export const floors: readonly (readonly string[])[] = [
  ["base"],
  ["dockerfile", "oci", "layer", "fetch", "lockfile"],
  ["graph", "store", "registry", "sandbox", "attest"],
  ["plan", "solve", "snapshot", "fold"],
  ["ops", "export", "import", "inspect", "debian", "cache"],
  ["hall"],
  ["."],
  ["cli"],
];

/** Doors for those who want a part that is too heavy for the first. */
const secondDoors: Readonly<Record<string, readonly string[]>> = { base: ["syscalls.ts"], registry: ["config.ts"] };

/** Files of a room that other rooms may import. The hall (`.`: the files of src/ itself) is open to the floor above it. */
export function doors(room: string): readonly string[] {
  return ["index.ts", ...(secondDoors[room] ?? [])];
}

/** Rooms that `room` may import from: those of the floors below its own. */
export function below(room: string): readonly string[] {
  return floors.slice(0, floorOf(room)).flat();
}

/** The floor's number, from 0. */
export function floorOf(room: string): number {
  const floor = floors.findIndex((rooms) => rooms.includes(room));
  if (floor < 0) throw new Error(`room ${room} has no floor: add it to scripts/rooms.ts`);
  return floor;
}
