// docs/capacity.md: what one run of bench/capacity.ts measured, and what it means for many models.

import { table } from "./markdown.ts";

/** One measured number. */
export interface CapacityFigure {
  name: string;
  value: number;
  unit: string;
}

/** What docs/capacity.json holds. */
export interface CapacityRun {
  machine: {
    cpu: string;
    cores: number;
    memory_gib: number;
    system: string;
    runtimes: Record<string, string>;
    commit: string;
    date: string;
    load_before: number;
    load_after: number;
  };
  seconds: number;
  figures: CapacityFigure[];
}

/** Columns of the page. */
const WIDTH = 108;
const DAY_SECONDS = 86_400;
/** How much of a worker the plan uses: the rest is for catching up, rebalances and updates. */
const USED = 0.5;
/** Memory of a worker that models may take. */
const WORKER_GIB = 8;
const SIZES = [1e3, 1e5, 1e7];
const SIGNALS_A_DAY = [24, 1440];
const POWERS: Record<number, string> = { 1e3: "10^3", 1e5: "10^5", 1e7: "10^7" };

const count = (value: number) => Math.ceil(value).toLocaleString("en-US");
const short = (value: number) =>
  value >= 100 ? Math.round(value).toLocaleString("en-US") : String(Number(value.toPrecision(3)));

/** KiB in the unit that leaves a short number. */
function size(kib: number): string {
  const units = ["KiB", "MiB", "GiB", "TiB", "PiB"];
  const power = Math.min(Math.max(Math.floor(Math.log(kib) / Math.log(1024)), 0), 4);
  return `${short(kib / 1024 ** power)} ${units[power]}`;
}

function duration(seconds: number): string {
  if (seconds < 120) return `${short(seconds)} s`;
  if (seconds < 7200) return `${short(seconds / 60)} min`;
  return `${short(seconds / 3600)} h`;
}

/** The page. Throws when the run lacks a figure. */
export function writeCapacityPage(run: CapacityRun): string {
  const value = (name: string) => {
    const found = run.figures.find((each) => each.name === name);
    if (!found) throw new Error(`Expected the run to have the figure "${name}".`);
    return found.value;
  };
  const parts = [intro(run), measured(run), workers(value), room(value), limits(value)];
  return `${refill(parts.join("\n"))}\n`;
}

/** Paragraphs and items in lines of one width: numbers differ in length from run to run. */
function refill(page: string): string {
  const blocks = page.trim().split(/\n\n+/);
  return blocks.map((block) => (/^[|#]/.test(block) ? block : paragraph(block))).join("\n\n");
}

function paragraph(block: string): string {
  const lines: string[] = [];
  for (const item of block.split(/\n(?=- )/)) {
    const [first, ...words] = item.split(/\s+/);
    let line = first!;
    for (const word of words) {
      if (line.length + 1 + word.length <= WIDTH) line += ` ${word}`;
      else {
        lines.push(line);
        line = item.startsWith("- ") ? `  ${word}` : word;
      }
    }
    lines.push(line);
  }
  return lines.join("\n");
}

const busy = `: other programs ran on
the same cores and the same disk, so that a quiet machine does better`;

type Value = (name: string) => number;

function intro({ machine, seconds }: CapacityRun): string {
  const { cpu, cores, memory_gib, system, runtimes, date, load_before, load_after } = machine;
  const isBusy = load_before > 0.25 * cores;
  return `# Capacity: how many models a worker carries

\`npx tsx bench/capacity.ts --publish\` measured these numbers and wrote this page with its
arithmetic;
[capacity.json](capacity.json) has them for machines. Run it on the machine and the disk that you
plan for: the disk decides most of it.

Measured on ${cpu}, ${cores} cores, ${memory_gib} GiB, ${system}, Node ${runtimes.Node}, ${date},
in ${seconds} s, at a
load average of ${load_before.toFixed(1)} before and ${load_after.toFixed(1)}
after${isBusy ? busy : ""}.

One process does what a \`driftkeel worker\` does with its models (claims folders, opens, journals,
learns, closes), with real files and syncs. Kafka itself is
not in it.
`;
}

function measured({ figures }: CapacityRun): string {
  const lines = figures.map(({ name, value, unit }) => [name, `${short(value)} ${unit}`.trim()]);
  return `## Measured

${table(["what", "value"], lines)}

- *small* is a network 8-16-1, *large* one of 64-256-256-1. *200 signals* and *4000 signals* are
  what
  a model had learned; after 4000 the windows and memories of the default \`intake\` are full.
- *open* takes over the folder of a model that exists and makes one signal durable and learned. Its
  files are still in the page cache; a cold disk takes longer.
- *signals* are durable and learned before the next batch. Each model has a journal of its own, and
  so
  a sync of its own for each batch that it is part of. No update runs meanwhile. With 1000 models
  each had
  learned a few hundred signals: checkpoints, one in 256 signals, are larger when the memories are
  full.
- *update* trains on the default window, judges, and makes the promotion durable: the small one 50
  steps, the large one 5 epochs in batches of 64.
- *declared* is for each model of the configuration file that a worker is started with, used or not.
`;
}

/** Workers for the signals, the updates, and both. */
function workers(value: Value): string {
  const open = value("signals, 1000 models open, batches of 500");
  const closed = value("signals, 1000 models, 100 open, batches of 500");
  const updateMs = value("update, small: median");
  const lines = SIZES.flatMap((models) =>
    SIGNALS_A_DAY.map((each) => {
      const perSecond = (models * each) / DAY_SECONDS;
      const updating = (models * updateMs) / 1000 / DAY_SECONDS / USED;
      const forOpen = perSecond / (USED * open);
      const forClosed = perSecond / (USED * closed);
      const both = [count(forOpen + updating), count(forClosed + updating)];
      return [POWERS[models]!, `${each}`, short(perSecond), short(updating), ...both];
    }),
  );
  const heads = ["models", "signals a day each", "signals/s", "workers' time for updates"];
  return `## Workers

Signals a second are models x signals a day / 86,400. One worker is planned at ${100 * USED}% of the
measured rate: ${short(open)}/s x ${USED} = ${short(USED * open)}/s when its models stay open,
${short(closed)}/s x ${USED} = ${short(USED * closed)}/s when
nearly every signal has to open a model and close another. One update of a small model a day takes
models x ${short(updateMs)} ms / 86,400 s / ${USED} of a worker's time.

${table([...heads, "workers, models open", "workers, models closed"], lines)}

A worker needs a partition at least, so the feedback topic needs as many partitions as the larger of
the last two columns that you may come to; partitions cannot be added later without losing the order
of signals. Signals that come in bursts are cheaper than this: a model that has several in one batch
syncs once for all. A larger \`batch_size\` does the same:
${short(value("signals, 1000 models open, batches of 5000"))}/s
with 5000 in place of ${short(open)}/s with 500.
`;
}

function room(value: Value): string {
  const kib = {
    some: value("small, 200 signals: memory when open"),
    full: value("small, 4000 signals: memory when open"),
    large: value("large, 200 signals: memory when open"),
    disk: value("small, 4000 signals: disk"),
    version: value("update, small: disk of a version"),
  };
  const entries = value("small, 4000 signals: files and folders");
  const perVersion = value("update, small: files of a version");
  const held = (each: number) =>
    Math.floor((WORKER_GIB * 1024 ** 2) / each).toLocaleString("en-US");
  const lines = SIZES.map((models) => [
    POWERS[models]!,
    size(models * kib.full),
    count((models * kib.full) / 1024 ** 2 / WORKER_GIB),
    count((models * kib.full) / 1024 ** 2 / WORKER_GIB / 20),
    size(models * (kib.disk + 19 * kib.version)),
    count(models * (entries + 19 * perVersion)),
  ]);
  const heads = ["models", "memory, all open", `workers of ${WORKER_GIB} GiB, all open`];
  return `## Memory and disk

In ${WORKER_GIB} GiB of memory a worker keeps ${held(kib.some)} small models open that have learned
200 signals,
${held(kib.full)} whose memories are full, or ${held(kib.large)} large ones with 200 signals; set
\`max_open_models\` to
what fits. A smaller \`intake\` (windows, \`replay_capacity\`) is the first thing to save on. When
only
one model in 20 is active at a time, only those have to be open. Disk is that of a full small model
plus 19 more versions (20 are kept unless \`max_versions\` says otherwise): ${short(kib.disk)} KiB
+ 19 x ${short(kib.version)} KiB, and
${short(entries)} + 19 x ${short(perVersion)} files and folders. Much of the memory is the heap of
Node, which has a limit of its own:
\`NODE_OPTIONS=--max-old-space-size=<MiB>\` raises it.

${table([...heads, "workers, one in 20 open", "disk", "files and folders"], lines)}
`;
}

function limits(value: Value): string {
  const fileKib = value("declared: configuration file");
  const startMs = value("declared: reading") + value("declared: checking");
  const lookMs = value("declared: look at a rebalance");
  const heldKib = value("declared: memory");
  const lines = SIZES.map((models) => [
    POWERS[models]!,
    size(models * fileKib),
    duration((models * startMs) / 1000),
    size(models * heldKib),
    duration((models * lookMs) / 1000),
  ]);
  const heads = ["models", "configuration file", "start", "memory, declared", "each rebalance"];
  return `## What it means, and where the design ends

Every worker reads the whole configuration file, checks every model in it, and at each rebalance
looks
in the folder of each for events that wait, and learns nothing meanwhile:

${table(heads, lines)}

- **10^3**: one worker, or two so that one may fail; all models stay open.
- **10^5**: memory and the rate of syncs decide. Give the workers disks that sync fast, raise
  \`batch_size\` so that a model has several signals in one, and set \`max_open_models\` so that
  the active
  ones stay open: a model that is closed and opened for each
  signal costs an opening, ${short(value("small, 200 signals: open, median"))} ms when nothing
  runs beside it, and a closing.
- **10^7**: not as one group. The text of the file is longer than the longest string of Node (512
  MiB),
  the base directory has one entry for each model in a single folder, and a rebalance takes as long
  as
  the table says. Divide the models into groups of at most 10^5, each with a configuration file, a
  topic, a \`group_id\` and a base directory of its own; the tables above then hold for each group,
  and
  the numbers of workers add up. Nothing at this size has been run: these are products of what was
  measured on up to 1000 models (20,000 declared), and they leave out the file system's own costs.

What no number of workers changes: one model is learned by one process at a time, at most
${short(value("signals, 1 model open, batches of 500"))} signals a second here. \`driftkeel serve\`
opens every model that its file declares and keeps it
open: it is for as many as fit in memory, and not spread over processes. A shared folder on a
network
file system syncs more slowly than the disk here, and every rate on this page falls with it.
`;
}
