// A script of a web page: the core is ready after init().

import { init } from "driftkeel";

await init();
await import("./use.mjs");
