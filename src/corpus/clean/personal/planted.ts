/** Made-up personal data in the ways people write it, for measuring what is found. */
import { keccak_256 } from '@noble/hashes/sha3.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { bech32, bech32m, createBase58check } from '@scure/base';
import { composeIBAN } from 'ibantools';
import { Random } from '../../../io/hash-random.js';
import { luhn } from './card.js';
import type { PersonalKind } from './span.js';

/** A way of writing one kind. */
export interface PlantedFormat {
  name: string;
  kind: PersonalKind;
  make: (draw: Draw) => string;
}

/** Draws of what such data is made of. */
export class Draw {
  readonly #random: Random;
  constructor(seed: number) {
    this.#random = new Random(seed);
  }
  /** A whole number below `limit`. */
  below(limit: number): number {
    return this.#random.int(limit);
  }
  pick<T>(from: readonly T[]): T {
    return from[this.below(from.length)]!;
  }
  /** `n` characters of an alphabet. */
  word(n: number, alphabet: string): string {
    return Array.from({ length: n }, () => alphabet[this.below(alphabet.length)]!).join('');
  }
  bytes(n: number): Uint8Array {
    return Uint8Array.from({ length: n }, () => this.below(256));
  }
  /** `#` becomes a digit, `N` one from 2 to 9. */
  digits(pattern: string): string {
    return pattern.replace(/[#N]/g, (char) => String(char === 'N' ? 2 + this.below(8) : this.below(10)));
  }
}

const lower = 'abcdefghijklmnopqrstuvwxyz';
const digit = '0123456789';
const upper = lower.toUpperCase();
const alnum = lower + upper + digit;
const hex = '0123456789abcdef';
const names = ['anna', 'bo.lind', 'chen_wei', 'd.okafor', 'e-silva', 'farid+news', 'G.Rossi', 'h99', 'ines.m', 'jo'];
const hosts = [
  'example.com',
  'mail.example.org',
  'uni-bonn.example.de',
  'firma.co.uk',
  'post.fr',
  'x-y.io',
  'ministerio.gob.es',
];

function card(draw: Draw): string {
  const [prefix, length] = draw.pick([
    ['4', 16],
    ['51', 16],
    ['2221', 16],
    ['34', 15],
    ['37', 15],
    ['6011', 16],
    ['3530', 16],
    ['36', 14],
    ['62', 16],
  ] as const);
  const body = prefix + draw.word(length - prefix.length - 1, digit);
  const number = [...digit].map((last) => body + last).find(luhn)!;
  const separator = draw.pick(['', ' ', '-']);
  const groups = length === 16 ? [4, 4, 4, 4] : length === 15 ? [4, 6, 5] : [4, 6, 4];
  let at = 0;
  return groups.map((size) => number.slice(at, (at += size))).join(separator);
}

function iban(draw: Draw): string {
  const [countryCode, bban] = draw.pick([
    ['DE', '##################'],
    ['GB', 'BUKB##############'],
    ['FR', '#######################'],
    ['ES', '####################'],
    ['NL', 'RABO##########'],
    ['CH', '#################'],
    ['AT', '################'],
    ['PL', '########################'],
    ['SE', '####################'],
  ] as const);
  // Some countries have check digits of their own inside: draw until they agree.
  for (;;) {
    const made = composeIBAN({ countryCode, bban: draw.digits(bban) });
    if (made !== null) return draw.below(2) === 0 ? made : made.replace(/.{4}(?=.)/g, '$& ');
  }
}

function phone(draw: Draw): string {
  return draw.digits(
    draw.pick([
      '(NN#) N##-####',
      'NN#-N##-####',
      'NN#.N##.####',
      '+1 NN# N## ####',
      '+1-NN#-N##-####',
      '+1 (NN#) N##-####',
      '+44 20 79## ####',
      '+44 7700 9#####',
      '020 79## ####',
      '07700 900###',
      '+49 30 N#######',
      '+4915112######',
      '+33 1 42 ## ## ##',
      '01 42 ## ## ##',
      '06 12 ## ## ##',
      '+91 98### #####',
      '+81 3-N###-####',
      '+55 11 9N###-####',
      '0049 30 N#######',
      '+86 138 #### ####',
    ]),
  );
}

function ethereum(draw: Draw): string {
  const address = Buffer.from(draw.bytes(20)).toString('hex');
  const hash = keccak_256(Buffer.from(address));
  const nibble = (i: number) => (i % 2 === 0 ? hash[i >> 1]! >> 4 : hash[i >> 1]! & 15);
  return `0x${[...address].map((char, i) => (nibble(i) >= 8 ? char.toUpperCase() : char)).join('')}`;
}

function bitcoin(draw: Draw): string {
  const kind = draw.below(4);
  if (kind < 2) return createBase58check(sha256).encode(Uint8Array.from([kind === 0 ? 0 : 5, ...draw.bytes(20)]));
  if (kind === 2) return bech32.encode('bc', [0, ...bech32.toWords(draw.bytes(20))]);
  return bech32m.encode('bc', [1, ...bech32m.toWords(draw.bytes(32))]);
}

function jwt(draw: Draw): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part({ alg: 'HS256', typ: 'JWT' })}.${part({ sub: draw.word(8, digit), iat: draw.below(2e9) })}.${draw.word(43, `${alnum}-_`)}`;
}

function pem(draw: Draw): string {
  const kind = draw.pick(['RSA PRIVATE KEY', 'PRIVATE KEY', 'EC PRIVATE KEY', 'OPENSSH PRIVATE KEY']);
  const lines = Array.from({ length: 6 }, () => draw.word(64, `${alnum}+/`));
  return [`-----BEGIN ${kind}-----`, ...lines, `-----END ${kind}-----`].join('\n');
}

/** Each format that is measured. For the named keys the value alone is to be masked. */
export const plantedFormats: readonly PlantedFormat[] = [
  { name: 'e-mail', kind: 'email', make: (r) => `${r.pick(names)}${r.below(100)}@${r.pick(hosts)}` },
  { name: 'phone', kind: 'phone', make: phone },
  { name: 'payment card', kind: 'card', make: card },
  { name: 'IBAN', kind: 'iban', make: iban },
  {
    name: 'IPv4',
    kind: 'ip',
    make: (r) => `${r.pick([23, 81, 93, 151, 185, 203])}.${r.below(256)}.${r.below(256)}.${10 + r.below(240)}`,
  },
  {
    name: 'IPv6',
    kind: 'ip',
    make: (r) =>
      r.pick([
        () => Array.from({ length: 8 }, (_, i) => (i === 0 ? '2001' : `${1 + r.below(9)}${r.word(3, hex)}`)).join(':'),
        () => `2a02:${1 + r.below(9)}${r.word(3, hex)}::${1 + r.below(9)}${r.word(2, hex)}`,
      ])(),
  },
  {
    name: 'US social security number',
    kind: 'ssn',
    make: (r) => `${r.pick([219, 457, 512, 123])}-${r.pick(['09', '45', '88'])}-${r.pick(['9999', '5462', '1234'])}`,
  },
  { name: 'AWS key', kind: 'key', make: (r) => `AKIA${r.word(16, `${upper}234567`)}` },
  { name: 'GitHub token', kind: 'key', make: (r) => `gh${r.pick(['p', 'o', 's'])}_${r.word(36, alnum)}` },
  {
    name: 'Slack token',
    kind: 'key',
    make: (r) => `xoxb-${r.word(12, digit)}-${r.word(12, digit)}-${r.word(24, alnum)}`,
  },
  { name: 'JSON Web Token', kind: 'key', make: jwt },
  { name: 'private key', kind: 'key', make: pem },
  {
    name: 'named key',
    kind: 'key',
    make: (r) =>
      `${r.pick(['api_key=', 'API-KEY: ', 'secret_access_key = "', 'client_secret: ', "'token': '"])}${r.word(r.pick([24, 32, 40]), alnum)}`,
  },
  { name: 'Bitcoin address', kind: 'wallet', make: bitcoin },
  { name: 'Ethereum address', kind: 'wallet', make: ethereum },
];

/** The part of a made-up datum that has to be masked. */
export function sensitivePart(format: PlantedFormat, made: string): string {
  return format.name === 'named key' ? /[A-Za-z0-9]+$/.exec(made)![0] : made;
}

/** Ways in which data stands in a sentence; @ is the place. */
export const surroundings = [
  '@',
  'Contact: @.',
  '(@)',
  '"@"',
  'see @, or',
  'sent to @;',
  'is @ and',
  '\n@\n',
  '- @',
  'at @!',
  '<@>',
];
