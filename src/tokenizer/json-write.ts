/** `tokenizer.json` in the Hugging Face format, from a {@link BpeSpec}. */
import type { AddedToken } from './added.js';
import type { BpeSpec, Normalizer, PreTokenizer } from './spec.js';

/** The content of a `tokenizer.json`, always the same for the same spec. */
export function bpeToJSON(spec: BpeSpec): unknown {
  const token = (id: number): string => spec.vocabulary[id] ?? '';
  const added = [...spec.added].sort((a, b) => a.id - b.id);
  const pairs = Array.from({ length: spec.merges.length / 2 }, (_, rank) => [
    token(spec.merges[2 * rank] ?? 0),
    token(spec.merges[2 * rank + 1] ?? 0),
  ]);
  const asLines = !pairs.some((pair) => pair.some((part) => part.includes(' ')));
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: added.map(addedToJSON),
    normalizer: sequence('normalizers', spec.normalizers.map(normalizerToJSON)),
    pre_tokenizer: sequence('pretokenizers', spec.preTokenizers.map(preTokenizerToJSON)),
    post_processor: template(spec),
    decoder: decoderToJSON(spec.decoder),
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: spec.unknown === null ? null : token(spec.unknown),
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: spec.fuseUnknown,
      byte_fallback: spec.byteFallback,
      ignore_merges: spec.ignoreMerges,
      vocab: vocabularyToJSON(spec),
      merges: asLines ? pairs.map((pair) => pair.join(' ')) : pairs,
    },
  };
}

function addedToJSON({ id, content, special, normalized, lstrip, rstrip, singleWord }: AddedToken): unknown {
  return { id, content, single_word: singleWord, lstrip, rstrip, normalized, special };
}

function vocabularyToJSON(spec: BpeSpec): Record<string, number> {
  // Without a prototype, so that a token may be called "__proto__".
  const vocabulary = Object.create(null) as Record<string, number>;
  spec.vocabulary.forEach((token, id) => {
    if (token !== undefined) vocabulary[token] = id;
  });
  return vocabulary;
}

/** No step, the step, or a Sequence of steps under `name`. */
function sequence(name: string, steps: readonly unknown[]): unknown {
  return steps.length > 1 ? { type: 'Sequence', [name]: steps } : (steps[0] ?? null);
}

function normalizerToJSON(step: Normalizer): unknown {
  if (step.type === 'Prepend') return { type: 'Prepend', prepend: step.prepend };
  if (step.type === 'Replace') return { type: 'Replace', pattern: { String: step.pattern }, content: step.content };
  return { type: step.type };
}

function preTokenizerToJSON(step: PreTokenizer): unknown {
  switch (step.type) {
    case 'ByteLevel':
      return byteLevel(step.addPrefixSpace, step.useRegex);
    case 'Split':
      return {
        type: 'Split',
        pattern: step.literal ? { String: step.pattern } : { Regex: step.pattern },
        behavior: step.keepsRest ? 'Isolated' : 'Removed',
        invert: !step.keepsRest,
      };
    case 'Digits':
      return { type: 'Digits', individual_digits: step.individual };
    case 'Metaspace':
      return { type: 'Metaspace', replacement: step.replacement, prepend_scheme: step.prepend, split: step.split };
  }
}

function byteLevel(addPrefixSpace: boolean, useRegex: boolean): unknown {
  return { type: 'ByteLevel', add_prefix_space: addPrefixSpace, trim_offsets: true, use_regex: useRegex };
}

function decoderToJSON(decoder: BpeSpec['decoder']): unknown {
  if (decoder.type === 'ByteLevel') return byteLevel(false, true);
  const steps: unknown[] = [{ type: 'ByteFallback' }, { type: 'Fuse' }];
  if (decoder.space !== null) steps.unshift({ type: 'Replace', pattern: { String: decoder.space }, content: ' ' });
  if (decoder.strip) steps.push({ type: 'Strip', content: ' ', start: 1, stop: 0 });
  return { type: 'Sequence', decoders: steps };
}

/** The post-processor that adds the tokens around a text, or null where none is added. */
function template({ added, bos, eos, addsBos, addsEos }: BpeSpec): unknown {
  const names = new Map(added.map(({ id, content }) => [id, content]));
  const before = addsBos && bos !== null ? [bos] : [];
  const after = addsEos && eos !== null ? [eos] : [];
  if (before.length + after.length === 0) return null;
  const around = (sequenceId: string, typeId: number): unknown[] => [
    ...before.map((id) => ({ SpecialToken: { id: names.get(id), type_id: typeId } })),
    { Sequence: { id: sequenceId, type_id: typeId } },
    ...after.map((id) => ({ SpecialToken: { id: names.get(id), type_id: typeId } })),
  ];
  const used = [...new Set([...before, ...after])].map((id) => {
    const name = names.get(id) ?? '';
    return [name, { id: name, ids: [id], tokens: [name] }] as const;
  });
  return {
    type: 'TemplateProcessing',
    single: around('A', 0),
    pair: [...around('A', 0), ...around('B', 1)],
    special_tokens: Object.fromEntries(used),
  };
}
