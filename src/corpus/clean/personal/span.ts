/** Kinds of personal data, and where one was found. */

export const personalKinds = ['email', 'phone', 'card', 'iban', 'ip', 'ssn', 'key', 'wallet'] as const;

export type PersonalKind = (typeof personalKinds)[number];

/** A piece of a text: UTF-16 offsets, the end is not part of it. */
export interface Span {
  kind: PersonalKind;
  start: number;
  end: number;
}

/** A letter or digit of ASCII, or any letter above: what a number must not touch. */
export function isWordUnit(unit: number): boolean {
  return (
    (unit >= 48 && unit <= 57) ||
    (unit >= 65 && unit <= 90) ||
    (unit >= 97 && unit <= 122) ||
    unit === 95 ||
    (unit >= 0xc0 &&
      unit !== 0xd7 &&
      unit !== 0xf7 &&
      !(unit >= 0x2000 && unit < 0x2c00) &&
      !(unit >= 0x3000 && unit < 0x3040))
  );
}

export function isDigit(unit: number): boolean {
  return unit >= 48 && unit <= 57;
}
