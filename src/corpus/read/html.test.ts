import { describe, expect, it } from 'vitest';
import { folder, page, prose, readPaths, texts } from './fixtures.js';
import { extractContent } from './html-content.js';

const { put } = folder();
const content = (html: string) => {
  const found = extractContent(html);
  if ('reason' in found) throw new Error(found.reason);
  return found.text;
};

describe('HTML', () => {
  it('keeps the paragraphs of the main content and nothing around it', async () => {
    const paragraphs = ['loom', 'shuttle', 'warp'].map(prose);
    const read = await readPaths(put('a.html', page(paragraphs, { title: 'Weaving', lang: 'en-GB' })));
    expect(read.documents[0]).toMatchObject({
      text: paragraphs.join('\n\n'),
      meta: { title: 'Weaving', lang: 'en-GB' },
    });
  });

  it('lays out headings, lists, tables, line breaks and code', () => {
    const html = page([prose('loom')]).replace(
      '</article>',
      `<h2>Parts &amp; <em>uses</em></h2><ul><li>the warp</li><li>the <b>weft</b>,  wide</li></ul><p>one<br>two<br><br>three</p>
       <table><tr><th>a</th><th>b</th></tr><tr><td>1</td><td>2</td></tr></table><pre>if x:\n    y\n\n  z</pre><p>end\u00a0here</p></article>`,
    );
    expect(content(html)).toBe(
      [
        prose('loom'),
        'Parts & uses',
        'the warp\nthe weft, wide',
        'one\ntwo\n\nthree',
        'a\tb\n1\t2',
        'if x:\n    y\n\n  z',
        'end\u00a0here',
      ].join('\n\n'),
    );
  });

  it('reads a fragment and a page without head or body', () => {
    expect(content(`<p>${prose('loom')}</p><p>${prose('weft')}</p>`)).toBe(`${prose('loom')}\n\n${prose('weft')}`);
    expect(content(`<html><p>${prose('loom')}</p></html>`)).toBe(prose('loom'));
  });

  it('skips pages that are built to hurt, soon', async () => {
    const n = 100_000;
    const some = 20_000;
    const hostile = {
      deep: '<div>'.repeat(n) + 'text' + '</div>'.repeat(n),
      open: '<b><i>'.repeat(n),
      lists: '<ul><li>'.repeat(n),
      wide: '<p>some text, here</p>'.repeat(n),
      links: '<a href="x">y</a>'.repeat(n),
      attributes: `<p ${'a="b" '.repeat(some)}>text</p>`,
      names: `<p>${'<x' + 'y'.repeat(20)}`.repeat(some / 10),
      entities: `<p>${'&amp;&#x41;&'.repeat(some)}</p>`,
      comment: `<!--${'-'.repeat(n)}<p>`,
      angles: '<'.repeat(n),
      close: '</p>'.repeat(n),
    };
    const reasons: Record<string, string> = {};
    for (const [name, html] of Object.entries(hostile)) {
      const began = performance.now();
      const read = await readPaths(put(`${name}.html`, `<html><body>${html}</body></html>`));
      expect(read.documents.length + read.problems.length, name).toBe(1);
      expect(performance.now() - began, name).toBeLessThan(20_000);
      reasons[name] = read.problems[0]?.reason ?? 'none';
    }
    const deep = 'skipped, its elements are nested more than 150 deep';
    const many = 'skipped, it has more than 30000 elements';
    expect(reasons).toMatchObject({ deep, open: deep, lists: deep, wide: many, links: many });
  });

  it('tells of a page without content', async () => {
    const read = await readPaths(
      put('none.html', '<html><head><title>x</title></head><body><script>1</script></body></html>'),
    );
    expect(texts(read)).toEqual([]);
    expect(read.problems[0]!.reason).toMatch(/no main content/);
  });
});
