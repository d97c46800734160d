/** The form of a token that features are made from: one spelling for what is written in many ways. */

/** Signs and digits that stand for letters, where a token has letters too. */
const standIns: Readonly<Record<string, string>> = {
  '0': 'o',
  '1': 'i',
  '3': 'e',
  '4': 'a',
  '5': 's',
  '7': 't',
  '8': 'b',
  '@': 'a',
  $: 's',
  '!': 'i',
  '+': 't',
};

/** Cyrillic and Greek letters that look like Latin ones, where a token has Latin letters too. */
const lookAlikes: Readonly<Record<string, string>> = Object.fromEntries(
  Array.from('аеорсухіѕјкмтнвοανικρτε', (letter, i) => [letter, 'aeopcyxisjkmthboavikpte'[i]!]),
);

export const addressForm = '<url>';
export const mentionForm = '<user>';

/**
 * The form of a token: lower case, compatibility forms and accents undone, stand-ins for letters read as letters, a letter
 * three times or more written twice. Addresses, mentions and numbers are a word each. Empty where nothing is left.
 */
export function wordForm(token: string): string {
  if (token === 'http' || token === 'https') return addressForm;
  if (/^[a-z]+$/i.test(token)) return withoutLongRuns(token.toLowerCase()); // most are plain
  if (/^['’!*]*@\w+[!*']*$/.test(token)) return mentionForm;
  if (/^[0-9+#!$*]*[0-9][0-9+#!$*]*$/.test(token)) return `<number ${Math.min(6, token.replaceAll(/\D/g, '').length)}>`;
  let form = token;
  if (/[\u0080-\uffff]/.test(form)) {
    form = form
      .normalize('NFKD')
      .replaceAll(/[\u0300-\u036f\u00ad\u200b-\u200d\u2060\ufeff]|\ud83c[\udffb-\udfff]/g, '')
      .replaceAll('’', "'");
  }
  form = form.toLowerCase();
  form = form.replaceAll(/^['_!*+@#]+|['_!*+@#]+$/g, '');
  if (/\p{L}/u.test(form)) {
    if (/[a-z]/.test(form) && /[α-я-ѐ-џ]/.test(form)) form = form.replaceAll(/./gu, (c) => lookAlikes[c] ?? c);
    form = form.replaceAll(/[0134578@$!+]/g, (c) => standIns[c] ?? '').replaceAll(/[^\p{L}\p{M}\p{N}*'<>]/gu, '');
  }
  return withoutLongRuns(form.normalize('NFC'));
}

/** A letter three times or more written twice. */
function withoutLongRuns(form: string): string {
  return /(.)\1\1/u.test(form) ? form.replaceAll(/(.)\1{2,}/gu, '$1$1') : form;
}

/** A form with every run of a letter written once: "niice" and "nice" are one. */
export function squeezed(form: string): string {
  return /(.)\1/u.test(form) ? form.replaceAll(/(.)\1+/gu, '$1') : form;
}

const named: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: ' ' };

/** Text with the HTML entities decoded that tweets and scraped pages have. */
export function decodeEntities(text: string): string {
  if (!text.includes('&')) return text;
  return text.replaceAll(
    /&(?:#(\d{1,7})|#[xX]([\da-fA-F]{1,6})|(amp|lt|gt|quot|apos|nbsp));?/g,
    (whole, decimal, hex, name) => {
      if (name) return named[name as string]!;
      const code = decimal ? Number(decimal) : Number.parseInt(hex as string, 16);
      return code > 0x10ffff || (code >= 0xd800 && code < 0xe000) ? whole : String.fromCodePoint(code);
    },
  );
}
