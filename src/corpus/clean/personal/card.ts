/** Numbers of payment cards: prefix and length of an issuer, the usual groups, and the check digit of Luhn (ISO/IEC 7812). */

/** Prefix and lengths of the issuers in use. */
const issuers = [
  /^4(?:\d{12}|\d{15}|\d{18})$/, // Visa
  /^(?:5[1-5]\d{2}|222[1-9]|22[3-9]\d|2[3-6]\d{2}|27[01]\d|2720)\d{12}$/, // Mastercard
  /^3[47]\d{13}$/, // American Express
  /^(?:6011|64[4-9]\d|65\d{2})\d{12}(?:\d{3})?$/, // Discover
  /^(?:30[0-5]|309|36\d|3[89]\d)\d{11}$/, // Diners Club
  /^35(?:2[89]|[3-8]\d)\d{12}(?:\d{3})?$/, // JCB
  /^(?:62\d{2}|81\d{2})\d{12}(?:\d{3})?$/, // UnionPay
  /^220[0-4]\d{12}$/, // Mir
  /^(?:5018|5020|5038|5893|6304|6759|676[1-3])\d{8,15}$/, // Maestro
];

/** In one piece or in groups with one separator throughout: 4-4-4-4(-3), 4-6-5, 4-6-4. */
const groups = /^(?:\d{12,19}|\d{4}([ \u00a0.-])\d{4}\1\d{4}\1\d{1,4}(?:\1\d{3})?|\d{4}([ \u00a0.-])\d{6}\2\d{4,5})$/;

export function isCard(written: string): boolean {
  if (!groups.test(written)) return false;
  const digits = written.replace(/\D/g, '');
  return issuers.some((issuer) => issuer.test(digits)) && luhn(digits);
}

/** Whether the digits sum to a multiple of ten, every second from the right doubled. */
export function luhn(digits: string): boolean {
  let sum = 0;
  for (let i = 0; i < digits.length; i++) {
    const digit = digits.charCodeAt(digits.length - 1 - i) - 48;
    const twice = 2 * digit;
    sum += i % 2 === 0 ? digit : twice > 9 ? twice - 9 : twice;
  }
  return sum % 10 === 0;
}
