/* oxlint-disable no-console -- what it prints is its result */
import { openStore } from "../../../src/store/index.ts";

// Prints what is wrong with the store that the first argument names, a line each. Started inside a mount namespace.
using store = openStore(process.argv[2]);
await store.recover();
for (const line of await store.verify({ blobs: true })) console.log(line);
