// Says which process this is, and whether another one still runs.

import { builtIn } from "./built-in.ts";

/** A process that may hold a lock, as exactly as its system can name it. */
export interface LockOwner {
  pid: number;
  thread: number;
  /** When the process started, in a unit of its own; "" where the system does not say. */
  started: string;
  /** Where `pid` means something: one boot of one machine, one namespace of process ids. */
  machine: string;
}

/** What a lock asks of the process it runs in. */
export interface LockHost {
  readonly owner: LockOwner;
  /** Whether `owner` runs; undefined when this process cannot tell. */
  isAlive(owner: LockOwner): boolean | undefined;
  /** Resolves after `durationMs`. */
  sleep(durationMs: number): Promise<void>;
}

function read(path: string): string {
  try {
    return builtIn("node:fs").readFileSync(path, "utf8").trim();
  } catch {
    return "";
  }
}

function pidNamespace(): string {
  try {
    return builtIn("node:fs").readlinkSync("/proc/self/ns/pid");
  } catch {
    return "";
  }
}

/** Field 22 of /proc/<pid>/stat (proc(5)): clock ticks from boot to the start; "" without one. */
function startOf(pid: number | "self"): string {
  const stat = read(`/proc/${pid}/stat`);
  // Field 2 is the command in parentheses and may hold anything, parentheses included.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return fields[22 - 3] ?? "";
}

function hasPid(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (cause) {
    // EPERM: it runs, under another user.
    return (cause as NodeJS.ErrnoException).code !== "ESRCH";
  }
}

/**
 * This process. An owner of the same machine is dead when its pid is free or, on Linux, when the
 * process with that pid started at another time, and alive when the time is the same. Elsewhere a
 * pid in use may be someone else's, and pids of another machine, container or boot say nothing:
 * undefined.
 */
export class NodeLockHost implements LockHost {
  readonly owner: LockOwner = {
    pid: process.pid,
    thread: builtIn("node:worker_threads").threadId,
    started: startOf("self"),
    machine: [
      builtIn("node:os").hostname(),
      read("/proc/sys/kernel/random/boot_id"),
      pidNamespace(),
    ].join(" "),
  };

  isAlive({ pid, started, machine }: LockOwner): boolean | undefined {
    if (machine !== this.owner.machine) return undefined;
    if (!hasPid(pid)) return false;
    return started === "" ? undefined : startOf(pid) === started;
  }

  sleep(durationMs: number): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, durationMs));
  }
}
