/** The formats of JSON Schema that are enforced, as patterns over the whole string. */
const day28 = String.raw`(0[1-9]|1\d|2[0-8])`;
const leapYear = '((\\d\\d(0[48]|[2468][048]|[13579][26]))|(([02468][048]|[13579][26])00))';
const date = String.raw`(\d{4}-((0[13578]|1[02])-(0[1-9]|[12]\d|3[01])|(0[469]|11)-(0[1-9]|[12]\d|30)|02-${day28})|${leapYear}-02-29)`;
const time = String.raw`([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,9})?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)`;
const label = '[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?';
const octet = String.raw`(25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)`;
const ipv4 = String.raw`${octet}(\.${octet}){3}`;
const h16 = '[\\da-f]{1,4}';
const ipv6 = [
  `(${h16}:){7}${h16}`,
  ...Array.from({ length: 7 }, (_, before) => {
    const left = before === 0 ? '' : `${h16}(:${h16}){${before - 1}}`;
    const most = 7 - before; // at most seven groups in all beside "::"
    return `${left}::(${h16}(:${h16}){0,${most - 1}})?`;
  }),
  `${h16}(:${h16}){6}::`,
].join('|');
const atom = "[a-zA-Z0-9!#$%&'*+/=?^_`{|}~-]+".replace('^', '\\^').replace('/', '\\/').replace('$', '\\$');
const path = String.raw`([a-zA-Z0-9._~!$&'()*+,;=:@-]|%[\dA-F]{2})`;

/** Patterns by format; each matches whole strings. */
export const formats: Readonly<Record<string, string>> = {
  date,
  time,
  'date-time': `${date}T${time}`,
  email: String.raw`${atom}(\.${atom}){0,5}@${label}(\.${label}){1,4}`,
  hostname: String.raw`${label}(\.${label}){0,4}`,
  ipv4,
  ipv6,
  uuid: String.raw`[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}`,
  uri: String.raw`[a-z][a-z0-9+.-]{0,20}:\/\/${label}(\.${label}){0,4}(:[1-9]\d{0,3})?(\/${path}*)*(\?(${path}|[\/?])*)?(#(${path}|[\/?])*)?`,
};
