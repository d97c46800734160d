import * as vm from 'node:vm';
import { describe, expect, it } from 'vitest';
import { escapeHtml, jsonScript, tablePanel } from './html.js';
import { cardRow, commandBlock, reportPage } from './page.js';

const hostile = `</script><script>alert("1")</script><!--<img src=x onerror='a()'>&\u2028`;

describe('escaping', () => {
  it('leaves nothing that HTML would read', () => {
    expect(escapeHtml(`<a href="x">'&'</a>`)).toBe('&lt;a href=&quot;x&quot;&gt;&#39;&amp;&#39;&lt;/a&gt;');
    expect(jsonScript('x', hostile)).toMatch(/^<script type="application\/json" id="x">[^<>&]*<\/script>$/);
  });
});

describe('a page', () => {
  it('allows its own styles and scripts alone, and escapes what it is given', () => {
    const body = `${cardRow([{ label: hostile, value: hostile }], true)}${commandBlock(hostile)}${tablePanel(hostile, { [hostile]: hostile })}`;
    const html = reportPage({ name: hostile, kind: hostile, lead: '', when: hostile, body });
    expect(html).toContain("default-src 'none'");
    expect(html).not.toMatch(/alert\("1"\)|<img|<!--|@import|url\(|\bsrc=x onerror='/);
    expect(html.match(/<script/g)).toHaveLength(1);
  });

  it('has a script that parses, with curves and without', () => {
    const curve = {
      id: 'a',
      title: 'A',
      note: '',
      format: 'number' as const,
      wide: false,
      range: [0, 1] as [number, number],
      x: { tokens: [0, 1], minutes: [0, 1], steps: [0, 1] },
      series: [],
    };
    for (const curves of [[], [curve]]) {
      const html = reportPage({ name: 'a', kind: 'b', lead: '', when: '', body: '', curves });
      const scripts = [...html.matchAll(/<script>([^]*?)<\/script>/g)].map(([, code]) => code!);
      expect(scripts).toHaveLength(1);
      expect(() => new vm.Script(scripts[0]!)).not.toThrow();
      expect(html.includes('uPlot')).toBe(curves.length > 0);
    }
  });
});
