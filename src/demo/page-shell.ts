// What every demo page has around its main part.

/** A page, and what its tab and search engines say of it. */
interface DemoPage {
  name: "index" | "forgetting" | "drift" | "bench";
  title: string;
  description: string;
}

/** The pages, the one that links to the others first. */
export const DEMO_PAGES: readonly DemoPage[] = [
  {
    name: "index",
    title: "Driftkeel: demos",
    description: "Three pages that show online learning at work in the browser.",
  },
  {
    name: "forgetting",
    title: "Forgetting: Driftkeel demos",
    description: "Three networks learn task after task: naive, EWC, replay.",
  },
  {
    name: "drift",
    title: "Drift: Driftkeel demos",
    description: "A learner in a world that shifts when you push a slider.",
  },
  {
    name: "bench",
    title: "Bench: Driftkeel demos",
    description: "The core beside plain JavaScript, measured in this browser.",
  },
];

const LINKS = { forgetting: "Forgetting", drift: "Drift", bench: "Bench" };

/** The whole document. main: the page's `<main>` element, as it is. */
export function wrapPage({ name, title, description }: DemoPage, main: string): string {
  const links = Object.entries(LINKS).map(([target, text]) => {
    const here = target === name ? ' aria-current="page"' : "";
    return `<li><a href="${target}.html"${here}>${text}</a></li>`;
  });
  const script = name === "index" ? "" : `<script type="module" src="${name}-page.js"></script>`;
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="description" content="${description}">
    <title>${title}</title>
    <link rel="icon" href="icon.svg" type="image/svg+xml">
    <link rel="stylesheet" href="uplot.css">
    <link rel="stylesheet" href="page.css">
    ${script}
  </head>
  <body>
    <header>
      <a class="brand" href="index.html">Driftkeel</a>
      <nav aria-label="Demos"><ul>${links.join("")}</ul></nav>
    </header>
    ${main}
    <footer>
      <p>Everything runs in this browser: the page loads nothing from any other place.</p>
    </footer>
  </body>
</html>
`;
}
