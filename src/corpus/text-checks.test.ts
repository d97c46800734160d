import { isUtf8 } from 'node:buffer';
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { binaryReason, invalidUtf8At, unixLineEnds } from './text-checks.js';

/** Bytes that are often nearly UTF-8. */
const nearlyText = fc
  .array(
    fc.oneof(
      fc.string({ unit: 'binary' }).map((s) => Buffer.from(s)),
      fc.uint8Array({ maxLength: 3 }),
    ),
  )
  .map((parts) => Buffer.concat(parts));

it('finds the longest valid beginning', () => {
  fc.assert(
    fc.property(nearlyText, (bytes) => {
      const at = invalidUtf8At(bytes);
      expect(isUtf8(bytes)).toBe(at < 0);
      if (at < 0) return;
      expect(isUtf8(bytes.subarray(0, at))).toBe(true);
      for (let end = at + 1; end <= bytes.length && end <= at + 4; end++)
        expect(isUtf8(bytes.subarray(0, end))).toBe(false);
    }),
    { numRuns: 300 },
  );
});

it('turns CRLF into LF as a regular expression would', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom('a', '\r', '\n', '\r\n', 'é')), (parts) => {
      const text = parts.join('');
      expect(Buffer.from(unixLineEnds(Buffer.from(text))).toString()).toBe(text.replaceAll('\r\n', '\n'));
    }),
  );
});

it('takes ordinary text for text', () => {
  expect(binaryReason(Buffer.from('Hello,\tworld\r\n\u001b[1mbold\u001b[0m ¡ñ 漢字'))).toBeNull();
  expect(binaryReason(Buffer.alloc(0))).toBeNull();
});
