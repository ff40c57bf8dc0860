// Text never becomes markup, wherever it is put.

import { describe, expect, it } from "vitest";
import { Markup, markup } from "../../../src/replay/page/markup.ts";

describe("markup", () => {
  it("escapes text for elements and quoted attributes", () => {
    const name = `<b a="1" c='2'>&amp;`;
    expect(markup`<p title="${name}">${name}</p>`.text).toBe(
      '<p title="&lt;b a=&quot;1&quot; c=&#39;2&#39;&gt;&amp;amp;">' +
        "&lt;b a=&quot;1&quot; c=&#39;2&#39;&gt;&amp;amp;</p>",
    );
  });

  it("puts in markup, lists of it, numbers and the empty text as they are", () => {
    const inner = markup`<i>${1.5}</i>`;
    expect(markup`<p>${inner}${[inner, ["a<"]]}${""}</p>`.text).toBe(
      "<p><i>1.5</i><i>1.5</i>a&lt;</p>",
    );
    expect(markup`${new Markup("<hr/>")}`.text).toBe("<hr/>");
  });

  it("replaces characters that a document must not hold", () => {
    expect(markup`${"a\u0000b\u0007c\u007fd\ufffee\nf\t"}`.text).toBe(
      "a\ufffdb\ufffdc\ufffdd\ufffde\nf\t",
    );
  });
});
