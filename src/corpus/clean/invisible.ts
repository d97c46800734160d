/** Control characters, zero-width junk and line ends. */

/** Anything that this file may change. */
const any =
  // eslint-disable-next-line no-control-regex
  /[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufdd0-\ufdef\ufeff\ufff0-\ufffc\ufffe\uffff]|[\ud83f\ud87f\ud8bf\ud8ff\ud93f\ud97f\ud9bf\ud9ff\uda3f\uda7f\udabf\udaff\udb3f\udb7f\udbbf\udbff][\udffe\udfff]/;

const lineEnds = /\r\n?|\u2028/g;

/** Controls but tab and line feed; soft hyphens, zero-width spaces, byte-order marks, annotations, noncharacters. */
const junk =
  // eslint-disable-next-line no-control-regex
  /[\x00-\x08\x0e-\x1f\x7f-\x9f\u00ad\u200b\u2060-\u2064\u206a-\u206f\ufdd0-\ufdef\ufeff\ufff0-\ufffc]|[\p{Noncharacter_Code_Point}]/gu;

/** Marks of direction mean something where a script runs from right to left, and nothing elsewhere. */
const directions = /[\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;
const rightToLeft = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u;

/** Joiners mean something between letters of some scripts and between emoji, and nothing beside Latin letters, digits and spaces. */
const idleJoiners =
  /(?<=^|[\s\p{sc=Latin}\p{Nd}\p{P}])[\u200c\u200d]+|[\u200c\u200d]+(?=$|[\s\p{sc=Latin}\p{Nd}\p{P}])/gu;

/** The text with line feeds for line ends, and without what cannot be seen and means nothing. */
export function removeInvisible(text: string): { text: string; removed: number } {
  if (!any.test(text)) return { text, removed: 0 };
  const unix = text
    .replace(lineEnds, '\n')
    .replaceAll('\u2029', '\n\n')
    // eslint-disable-next-line no-control-regex
    .replace(/[\x0b\x0c]/g, '\n');
  let clean = unix.replace(junk, '');
  if (/[\u200c\u200d]/.test(clean)) clean = clean.replace(idleJoiners, '');
  if (!rightToLeft.test(clean)) clean = clean.replace(directions, '');
  return { text: clean, removed: unix.length - clean.length };
}
