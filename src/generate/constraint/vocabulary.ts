/** The vocabulary of a tokenizer as a tree of bytes, in preorder: one walk compares an automaton with every token. */
import type { Tokenizer } from '../../tokenizer/index.js';

/** Which tokens: a bit each, bit i of word i >> 5. */
export type Bits = Uint32Array;

export class Vocabulary {
  /** Words of a {@link Bits}. */
  readonly words: number;
  /** 1 for bytes that some token is alone, [256]. Whatever can be written in these can be written. */
  readonly safe: Uint8Array;
  /** Byte on the way to each node, [nodes]; node 0 is the root. */
  readonly byte: Uint8Array;
  readonly depth: Uint16Array;
  /** The node after the last one below each node, [nodes]. */
  readonly end: Uint32Array;
  /** Tokens that end at node i: `tokens[firstToken[i]]` to before `tokens[firstToken[i + 1]]`. */
  readonly firstToken: Uint32Array;
  readonly tokens: Uint32Array;
  readonly deepest: number;

  /** `bytesOf` gives a token's bytes; tokens without bytes are in no text. */
  constructor(size: number, bytesOf: (id: number) => Uint8Array) {
    this.words = Math.ceil(size / 32);
    const texts = Array.from({ length: size }, (_, id) => bytesOf(id));
    const order = Array.from(texts.keys()).filter((id) => texts[id]!.length > 0);
    order.sort((a, b) => Buffer.compare(texts[a]!, texts[b]!) || a - b);
    const byte = [0];
    const depth = [0];
    const counts = [0];
    let previous: Uint8Array = new Uint8Array();
    for (const id of order) {
      const text = texts[id]!;
      let shared = 0;
      while (shared < previous.length && shared < text.length && previous[shared] === text[shared]) shared++;
      for (let i = shared; i < text.length; i++) {
        byte.push(text[i]!);
        depth.push(i + 1);
        counts.push(0);
      }
      counts[counts.length - 1]!++;
      previous = text;
    }
    const nodes = byte.length;
    this.byte = Uint8Array.from(byte);
    this.depth = Uint16Array.from(depth);
    this.tokens = Uint32Array.from(order);
    this.firstToken = new Uint32Array(nodes + 1);
    counts.forEach((count, node) => (this.firstToken[node + 1] = this.firstToken[node]! + count));
    this.end = new Uint32Array(nodes);
    const open: number[] = [];
    depth.forEach((level, node) => {
      while (open.length > 0 && depth[open.at(-1)!]! >= level) this.end[open.pop()!] = node;
      open.push(node);
    });
    for (const node of open) this.end[node] = nodes;
    this.deepest = depth.reduce((most, level) => Math.max(most, level), 0);
    this.safe = new Uint8Array(256);
    for (const text of texts) if (text.length === 1) this.safe[text[0]!] = 1;
  }

  /** The child of a node by this byte, or -1. */
  child(node: number, byte: number): number {
    for (let child = node + 1; child < this.end[node]!; child = this.end[child]!)
      if (this.byte[child] === byte) return child;
    return -1;
  }

  /** Whether a token ends at the node. */
  isToken(node: number): boolean {
    return this.firstToken[node + 1]! > this.firstToken[node]!;
  }
}

const nothing = new Uint8Array();
const known = new WeakMap<Tokenizer, { usual: Vocabulary; first: Vocabulary | null }>();

function both(tokenizer: Tokenizer): { usual: Vocabulary; first: Vocabulary | null } {
  let found = known.get(tokenizer);
  if (!found) {
    const text = (bytes: (id: number) => Uint8Array) => (id: number) => (tokenizer.isSpecial(id) ? nothing : bytes(id));
    const usual = new Vocabulary(
      tokenizer.vocabSize,
      text((id) => tokenizer.tokenBytes(id)),
    );
    const first = text((id) => tokenizer.bytesAfter(id, null));
    const differs = usual.tokens.some((id) => first(id).length !== tokenizer.tokenBytes(id).length);
    found = { usual, first: differs ? new Vocabulary(tokenizer.vocabSize, first) : null };
    known.set(tokenizer, found);
  }
  return found;
}

/** The tokens within a text; made once for a tokenizer. */
export function vocabularyOf(tokenizer: Tokenizer): Vocabulary {
  return both(tokenizer).usual;
}

/**
 * The tokens right after `previous` where they have other bytes there, as SentencePiece drops a space at the beginning;
 * otherwise null.
 */
export function vocabularyAfter(tokenizer: Tokenizer, previous: number | null): Vocabulary | null {
  const { usual, first } = both(tokenizer);
  if (!first) return null;
  const space = usual.child(0, 0x20);
  const id = space < 0 ? undefined : usual.tokens[usual.firstToken[space]!];
  const strips = id === undefined || tokenizer.bytesAfter(id, previous).length < tokenizer.tokenBytes(id).length;
  return strips ? first : null;
}
