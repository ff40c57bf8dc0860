// The commands that a page in Markdown shows after a prompt, each with the text below it.

/** A command without its prompt, and what it prints. */
export interface ConsoleExample {
  command: string;
  output: string;
}

/** The examples of a page, in order. prompt: what each command stands behind, such as "$ ". */
export function consoleExamples(page: string, prompt: string): ConsoleExample[] {
  return [...page.matchAll(/```console\n([\s\S]*?)```/g)].flatMap(([, text]) =>
    `\n${text}`
      .split(`\n${prompt}`)
      .slice(1)
      .map((part) => {
        const end = part.indexOf("\n");
        return end < 0
          ? { command: part, output: "" }
          : { command: part.slice(0, end), output: part.slice(end + 1) };
      }),
  );
}
