#!/usr/bin/env node
// The entry of the command `driftkeel`.

import { runProgram } from "./program.ts";

process.exitCode = await runProgram(process.argv.slice(2), process);
