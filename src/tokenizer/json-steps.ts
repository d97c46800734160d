/** The normalizer, pre-tokenizer and decoder of a `tokenizer.json`, checked and reduced to what {@link BpeSpec} knows. */
import type { Fields } from './json-fields.js';
import type { BpeSpec, Normalizer, PreTokenizer } from './spec.js';

/** Steps of a part that is absent, one step, or (nested) Sequences of steps under `name`. */
function steps(parent: Fields, key: string, name: string): Fields[] {
  if (!parent.has(key)) return [];
  const flatten = (step: Fields): Fields[] => (step.type === 'Sequence' ? step.objects(name).flatMap(flatten) : [step]);
  return flatten(parent.object(key));
}

/** @throws InputError naming a normalizer that is not supported. */
export function readNormalizers(root: Fields): Normalizer[] {
  return steps(root, 'normalizer', 'normalizers').map((step): Normalizer => {
    const { type } = step;
    switch (type) {
      case 'NFC':
      case 'NFD':
      case 'NFKC':
      case 'NFKD':
        return { type };
      case 'Prepend':
        return { type, prepend: step.string('prepend') };
      case 'Replace': {
        const pattern = literalPattern(step);
        if (!pattern) return step.unsupported('Replace of a regular expression or of nothing');
        return { type, pattern, content: step.string('content') };
      }
      default:
        return step.unsupported(`the normalizer "${type}"`);
    }
  });
}

/** @throws InputError naming a pre-tokenizer that is not supported. */
export function readPreTokenizers(root: Fields): PreTokenizer[] {
  const found = steps(root, 'pre_tokenizer', 'pretokenizers');
  return found.map((step, i): PreTokenizer => {
    const { type } = step;
    switch (type) {
      case 'ByteLevel':
        if (i + 1 < found.length) step.unsupported('ByteLevel before another pre-tokenizer');
        return {
          type,
          addPrefixSpace: step.boolean('add_prefix_space', true),
          useRegex: step.boolean('use_regex', true),
        };
      case 'Split':
        return readSplit(step);
      case 'Digits':
        return { type, individual: step.boolean('individual_digits', false) };
      case 'Metaspace':
        if (found.length > 1) step.unsupported('Metaspace beside another pre-tokenizer');
        return { type, ...readMetaspace(step), split: step.boolean('split', true) };
      default:
        return step.unsupported(`the pre-tokenizer "${type}"`);
    }
  });
}

function readSplit(step: Fields): PreTokenizer {
  const behavior = step.string('behavior');
  const invert = step.boolean('invert', false);
  const keepsRest = behavior === 'Isolated';
  if (!keepsRest && !(behavior === 'Removed' && invert))
    step.unsupported(`Split with behavior "${behavior}"${invert ? ' and invert' : ''}`);
  const literal = literalPattern(step);
  const pattern = literal ?? step.object('pattern').string('Regex');
  if (pattern === '') step.refuse('the pattern is empty');
  return { type: 'Split', pattern, literal: literal !== null, keepsRest };
}

/** The plain text of a pattern, or null for a regular expression. */
function literalPattern(step: Fields): string | null {
  const pattern = step.object('pattern');
  return pattern.has('String') ? pattern.string('String') : null;
}

function readMetaspace(step: Fields): { replacement: string; prepend: 'always' | 'first' | 'never' } {
  const replacement = step.has('replacement') ? step.string('replacement') : '▁';
  if ([...replacement].length !== 1) step.refuse('"replacement" must be one character');
  if (!step.has('prepend_scheme'))
    return { replacement, prepend: step.boolean('add_prefix_space', true) ? 'always' : 'never' };
  const prepend = step.string('prepend_scheme');
  if (prepend !== 'always' && prepend !== 'first' && prepend !== 'never')
    step.unsupported(`the prepend_scheme "${prepend}"`);
  return { replacement, prepend };
}

/** @throws InputError naming a decoder that is not supported, or that does not fit the pre-tokenizer. */
export function readDecoder(root: Fields, preTokenizers: readonly PreTokenizer[]): BpeSpec['decoder'] {
  const found = steps(root, 'decoder', 'decoders');
  const [first] = found;
  const byteLevel = preTokenizers.at(-1)?.type === 'ByteLevel';
  if (!first) root.unsupported('a file without a decoder');
  if (byteLevel !== (first.type === 'ByteLevel'))
    root.unsupported(`the decoder "${first.type}" ${byteLevel ? 'with' : 'without'} a ByteLevel pre-tokenizer`);
  if (byteLevel) {
    if (found.length > 1) root.unsupported('a ByteLevel decoder beside another');
    return { type: 'ByteLevel' };
  }
  let space: string | null = null;
  let strip = false;
  for (const step of found) {
    switch (step.type) {
      case 'Metaspace': {
        const metaspace = readMetaspace(step);
        space = metaspace.replacement;
        strip = metaspace.prepend !== 'never';
        break;
      }
      case 'Replace':
        space = literalPattern(step);
        if (!space || step.string('content') !== ' ') step.unsupported('a Replace decoder of this kind');
        break;
      case 'Strip':
        if (step.string('content') !== ' ' || step.index('start', 1) !== 1 || step.index('stop', 1) !== 0)
          step.unsupported('Strip of anything but one leading space');
        strip = true;
        break;
      case 'ByteFallback':
      case 'Fuse':
        break;
      default:
        step.unsupported(`the decoder "${step.type}"`);
    }
  }
  return { type: 'SentencePiece', space, strip };
}
