import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { fillTemplate, parseTemplate, templateSource, variablesOf } from './template.js';

const literal = fc.string({ unit: fc.constantFrom('a', ' ', '{', '}', '\n', '\\', 'é', '|') });

it('gives a text back as it was, whatever braces it holds', () => {
  fc.assert(
    fc.property(literal, (text) => {
      const source = templateSource([text]);
      expect(fillTemplate(parseTemplate(source, 'f'), new Map())).toBe(text);
    }),
  );
});

it('puts values in and never looks into them', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (a, b) => {
      const values = new Map([
        ['a', `{{b}}${a}`],
        ['b', b],
      ]);
      const template = parseTemplate('x {{a}}{{ b }} \\{{a}}', 'f');
      expect(fillTemplate(template, values)).toBe(`x {{b}}${a}${b} {{a}}`);
    }),
  );
});

it('knows the line of each variable', () => {
  expect(variablesOf(parseTemplate('one {{a}}\n\ntwo {{b-c}}', 'f', 7))).toEqual([
    { variable: 'a', line: 7 },
    { variable: 'b-c', line: 9 },
  ]);
});

it.each([
  ['a\n{{ x', /f:2: "\{\{" without "\}\}"/],
  ['{{x\n}}', /f:1: "\{\{" without/],
  ['{{#if x}}', /f:1: "\{\{#if x\}\}" is not a variable/],
  ['\n\n{{ constructor.name }}', /f:3: .* is not a variable/],
  ['{{}}', /is not a variable/],
])('refuses %j', (text, message) => {
  expect(() => parseTemplate(text, 'f')).toThrow(message);
});
