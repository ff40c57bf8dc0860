// Forgetting on Permuted MNIST: ten tasks in sequence, one network, without and with EWC and
// replay.

import { init } from "../../src/core/init.ts";
import {
  BATCH_SIZE,
  BUFFER_SIZE,
  FISHER_SAMPLES,
  HIDDEN,
  LEARNING_RATE,
  MOMENTUM,
  methods,
  SequentialLearner,
} from "./forgetting-methods.ts";
import { accuracyOf, averageAccuracy, backwardTransfer, mean } from "./forgetting-metrics.ts";
import { permutedImages, permutedSamples, pixelOrders } from "./forgetting-tasks.ts";
import { type Digits, readDigits } from "./mnist.ts";
import type { QualitySettings, QualityTable, Requirement } from "./table.ts";

/** How much is learned and judged. */
interface Extent {
  tasks: number;
  trainCount: number;
  testCount: number;
  /** Sets of permutations; figures are means over them. */
  sets: number;
}

const DEFAULT: Extent = { tasks: 10, trainCount: 60_000, testCount: 10_000, sets: 1 };
const QUICK: Extent = { tasks: 3, trainCount: 2000, testCount: 1000, sets: 1 };
const FULL_SETS = 3;
/** Sets below were used to choose learning rates and lambdas, and are never reported. */
const FIRST_SET = 10;
const THREADS = 2;

/** Both halves of MNIST. */
interface Parts {
  train: Digits;
  test: Digits;
}

/** Accuracies of one method, and how long it learned. */
interface Course {
  /** R[i][j]: own task, first task, and all tasks in the last row; NaN elsewhere. */
  matrix: number[][];
  seconds: number;
}

/** Tasks to judge after task `task`: only those that the table and the chart show. */
function judgedTasks(task: number, tasks: number): number[] {
  if (task === tasks - 1) return Array.from({ length: tasks }, (_, index) => index);
  return task === 0 ? [0] : [0, task];
}

/** One set of tasks under all methods. */
async function runSet(set: number, { tasks, trainCount, testCount }: Extent, data: Parts) {
  const orders = pixelOrders(set, tasks);
  const labels = data.test.labels.subarray(0, testCount);
  const learners = methods.map((method) => new SequentialLearner(method));
  const courses = methods.map((): Course => ({ matrix: [], seconds: 0 }));
  for (const [task, order] of orders.entries()) {
    const samples = permutedSamples(data.train, order, trainCount);
    for (const [index, learner] of learners.entries()) {
      const course = courses[index]!;
      const start = performance.now();
      await learner.learn(samples);
      course.seconds += (performance.now() - start) / 1000;
      course.matrix.push(Array.from({ length: tasks }, () => Number.NaN));
    }
    for (const judged of judgedTasks(task, tasks)) {
      const images = permutedImages(data.test, orders[judged]!, testCount);
      for (const [index, { network }] of learners.entries()) {
        const outputs = network.forward(images, testCount);
        courses[index]!.matrix[task]![judged] = accuracyOf(outputs, labels);
      }
    }
  }
  for (const learner of learners) learner.dispose();
  return courses;
}

const round = (value: number, digits: number) => Math.round(value * 10 ** digits) / 10 ** digits;

/** Accuracy on the first task after each task, a line for each method. */
function chartOf(sets: readonly Course[][], tasks: number) {
  const series = methods.map(({ name }, index) => ({
    name,
    points: Array.from({ length: tasks }, (_, task): [number, number] => [
      task + 1,
      round(mean(sets.map((courses) => courses[index]!.matrix[task]![0]!)), 4),
    ]),
  }));
  return { xLabel: "tasks learned", yLabel: "accuracy on the first task", series };
}

/** A row: the method's figures, each the mean over the sets. */
function rowOf(name: string, courses: readonly Course[]): [string, ...number[]] {
  const perSet = courses.map(({ matrix, seconds }) => [
    averageAccuracy(matrix),
    backwardTransfer(matrix),
    mean(matrix.map((row, task) => row[task]!)),
    seconds,
  ]);
  const digits = [4, 4, 4, 0];
  const means = digits.map((count, column) => {
    const figure = mean(perSet.map((figures) => figures[column]!));
    return round(figure, count);
  });
  return [name, ...means];
}

function noteOf({ tasks, trainCount, testCount, sets }: Extent): string {
  const from = `${sets} set${sets > 1 ? "s" : ""} of ${tasks} permutations`;
  const settings = methods.flatMap(({ name, ewc }) => {
    if (!ewc) return [];
    const memory = ewc.gamma === undefined ? "" : ` with gamma ${ewc.gamma}`;
    return [`${name}: ${ewc.consolidation}${memory}, lambda ${ewc.lambda}`];
  });
  return (
    `${from}, not the set that the settings were chosen on. The learning rate was chosen for ` +
    "EWC; naive training forgets less with a smaller one. One head, no task id. " +
    `784-${HIDDEN}-${HIDDEN}-10, ReLU; one pass over ${trainCount} digits a task, batches of ` +
    `${BATCH_SIZE}, momentum ${MOMENTUM}, learning rate ${LEARNING_RATE} to 0 by a cosine in ` +
    `each task. Judged on ${testCount} test digits. ${settings.join("; ")}; Fishers of ` +
    `${FISHER_SAMPLES} digits, the model's own labels in expectation. Replay: a reservoir of ` +
    `${BUFFER_SIZE} over all past tasks, a third of every batch. Seconds are of learning alone ` +
    "and depend on the machine; all else is the same on every run."
  );
}

function tableOf(sets: readonly Course[][], extent: Extent): QualityTable {
  const rows = methods.map(({ name }, index) => {
    const courses = sets.map((set) => set[index]!);
    return rowOf(name, courses);
  });
  const requirements = methods.flatMap(({ name, floor }, index): Requirement[] => {
    if (floor === undefined) return [];
    const what = `average accuracy, ${name}`;
    return [{ what, value: rows[index]![1]!, bound: { least: floor } }];
  });
  return {
    title: `Permuted MNIST: one network after ${extent.tasks} tasks`,
    columns: ["method", "average accuracy", "backward transfer", "just learned", "seconds"],
    rows,
    note: noteOf(extent),
    requirements,
    chart: chartOf(sets, extent.tasks),
  };
}

/** The table of Permuted MNIST; `seeds` counts sets of permutations. */
export async function run({ seeds, quick, full }: QualitySettings): Promise<QualityTable[]> {
  await init({ threads: THREADS });
  const defaults = quick ? QUICK : DEFAULT;
  const extent = { ...defaults, sets: seeds ?? (full ? FULL_SETS : defaults.sets) };
  const data = { train: readDigits("train"), test: readDigits("t10k") };
  const sets: Course[][] = [];
  for (let set = 0; set < extent.sets; set++) {
    sets.push(await runSet(FIRST_SET + set, extent, data));
  }
  return [tableOf(sets, extent)];
}
