/** Addresses of Bitcoin (base58check, bech32, bech32m) and Ethereum (EIP-55), told by their checksums. */
import { keccak_256 } from '@noble/hashes/sha3.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { bech32, bech32m, createBase58check } from '@scure/base';

const base58check = createBase58check(sha256);

/** The first byte of an address, for example 0 (1...) and 5 (3...) in Bitcoin, 30 in Dogecoin, 48 and 50 in Litecoin. */
const versions = new Set([0, 5, 22, 30, 48, 50, 76]);

/** Whether a word is the address of a wallet. */
export function isWallet(word: string): boolean {
  if (/^0x[0-9a-fA-F]{40}$/.test(word)) return isEthereum(word.slice(2));
  if (/^(?:bc|tb|ltc)1[02-9ac-hj-np-z]{11,87}$/i.test(word))
    return bech32.decodeUnsafe(word, 90) !== undefined || bech32m.decodeUnsafe(word, 90) !== undefined;
  if (!/^[13LMDAX9][1-9A-HJ-NP-Za-km-z]{25,34}$/.test(word)) return false;
  try {
    const bytes = base58check.decode(word);
    return bytes.length === 21 && versions.has(bytes[0]!);
  } catch {
    return false; // Not its checksum.
  }
}

/** Capitals are the checksum; an address in one case has none and is taken as it is. */
function isEthereum(hex: string): boolean {
  const lower = hex.toLowerCase();
  if (hex === lower || hex === hex.toUpperCase()) return true;
  const hash = keccak_256(Buffer.from(lower));
  return [...hex].every((char, i) => {
    const nibble = i % 2 === 0 ? hash[i >> 1]! >> 4 : hash[i >> 1]! & 15;
    return char === (nibble >= 8 ? char.toUpperCase() : char.toLowerCase());
  });
}
