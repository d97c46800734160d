import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeWords, htmlToText, parseMail } from './mail.mjs';

const mail = (header, body) => `${header.join('\n')}\n\n${body}`;

describe('parseMail', () => {
  it('reads a plain mail: fields unfolded, of any case, the first of a name', () => {
    const { field, body } = parseMail(
      mail(['From me  Thu Aug 22', 'SUBJECT: Hello', '\tthere', 'Subject: no'], 'One.\r\nTwo.\n\n\n\nThree.\n'),
    );
    expect(field('subject')).toBe('Hello there');
    expect(field('absent')).toBe('');
    expect(body).toBe('One.\nTwo.\n\nThree.');
  });

  it('undoes base64 and quoted-printable in their charsets', () => {
    const base64 = Buffer.from('Grüße aus Köln').toString('base64');
    expect(
      parseMail(mail(['Content-Type: text/plain; charset="utf-8"', 'Content-Transfer-Encoding: BASE64'], base64)).body,
    ).toBe('Grüße aus Köln');
    const quoted = mail(
      ['Content-Type: text/plain; charset=iso-8859-1', 'Content-Transfer-Encoding: quoted-printable'],
      'Caf=E9 =3D a soft=\n break=20\nnext',
    );
    expect(parseMail(quoted).body).toBe('Café = a soft break\nnext');
    expect(
      parseMail(mail(['Content-Type: text/plain; charset=nonsense', 'Content-Transfer-Encoding: base64'], base64)).body,
    ).toContain('aus');
  });

  it('prefers the plain one of alternatives, and takes HTML where there is no other', () => {
    const part = (type, text) => `--b=1\nContent-Type: ${type}\n\n${text}\n`;
    const alternative = ['Content-Type: multipart/alternative; boundary="b=1"'];
    const html = '<html><body><p>rich &amp; poor</p></body></html>';
    expect(
      parseMail(mail(alternative, `preamble\n${part('text/html', html)}${part('text/plain', 'plain')}--b=1--`)).body,
    ).toBe('plain');
    expect(
      parseMail(mail(alternative, `${part('text/plain', '  ')}${part('text/html', html)}--b=1--\nafter`)).body,
    ).toBe('rich & poor');
  });

  it('joins the readable parts of a nested mail and leaves attachments out, closed or not', () => {
    const source = mail(
      ['Content-Type: multipart/mixed;', ' boundary=outer'],
      `--outer
Content-Type: multipart/alternative; boundary=inner

--inner
Content-Type: text/plain

first
--inner--
--outer
Content-Type: text/plain
Content-Disposition: attachment; filename=a.txt

hidden
--outer
Content-Type: image/gif
Content-Transfer-Encoding: base64

R0lGODdh
--outer
Content-Type: message/rfc822

Subject: forwarded

second`,
    );
    expect(parseMail(source).body).toBe('first\n\nsecond');
  });

  it('reads whatever it is given', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.oneof(
            fc.string(),
            fc.constantFrom(
              '\n',
              '\n\n',
              '--b',
              '--b--',
              'Content-Type: multipart/mixed; boundary=b',
              'Content-Type: text/html',
              'Content-Transfer-Encoding: base64',
              '=?utf-8?B?4pyT?=',
              '<p',
              '=E9',
            ),
          ),
          { maxLength: 30 },
        ),
        (pieces) => {
          const { body, field } = parseMail(pieces.join(''));
          expect(body).toBe(body.trim());
          expect(body).not.toMatch(/\n{3}|\r/);
          expect(typeof field('subject')).toBe('string');
        },
      ),
    );
  });
});

describe('decodeWords', () => {
  it.each([
    ['=?iso-8859-1?Q?Caf=E9_au_lait?=', 'Café au lait'],
    ['=?UTF-8?B?4pyT?= =?utf-8?q?_ok?=', '✓ ok'],
    ['plain =?broken', 'plain =?broken'],
  ])('%s', (value, text) => expect(decodeWords(value)).toBe(text));
});

describe('htmlToText', () => {
  it('keeps words and lines, and nothing that is not shown', () => {
    const html =
      '<head><title>t</title><style>p{}</style></head><body>a<br>b <b>c</b><!-- no --><script>x()</script><table><tr><td>1<td>2</table></body>';
    expect(
      htmlToText(html)
        .split('\n')
        .map((line) => line.replace(/ +/g, ' ').trim())
        .filter((line) => line !== ''),
    ).toEqual(['a', 'b c', '1 2']);
  });

  it('reads a body after a head that nobody closed', () => {
    expect(htmlToText('<html><head><title>x<body><p>shown</p>').trim()).not.toBe('x');
  });
});
