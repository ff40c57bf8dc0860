// The same for a user of CommonJS.

const { test } = require("node:test");
const { FileStore } = require("driftkeel");
const { FaultyDisk, storeConformance } = require("driftkeel/testing");

const disk = new FaultyDisk();
const { lockHost } = disk;
const open = (name) => FileStore.open({ storagePath: `/${name}`, disk, lockHost });
const subject = { name: "FileStore on a FaultyDisk", open, isPersistent: true };
for (const { name, run } of storeConformance(subject)) test(name, run);
