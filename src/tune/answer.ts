/** What a model answers now, to show how a run goes on. */
import { generateTokens } from '../generate/index.js';
import type { Transformer } from '../model/index.js';
import type { Tokenizer } from '../tokenizer/index.js';
import type { SampleLine } from '../train/index.js';
import type { Example } from './data/index.js';

const ANSWER_TOKENS = 64;

/**
 * The answer to the first of the examples that has a prompt and leaves room for one, greedily, as a line for `samples.jsonl`;
 * none where there is no such example.
 */
export async function sampleAnswer(
  model: Transformer,
  tokenizer: Tokenizer,
  examples: readonly Example[],
): Promise<Omit<SampleLine, 'step'>[]> {
  const room = model.config.context - model.virtualTokens.length - 1;
  const lengthOf = ({ learned }: Example): number => learned.indexOf(1);
  const example = examples.find((one) => lengthOf(one) > 0 && lengthOf(one) < room);
  if (!example) return [];
  const prompt = example.tokens.subarray(0, lengthOf(example));
  const ends = [
    ...model.config.eosTokenIds,
    ...(tokenizer.eos === null ? [] : [tokenizer.eos]),
    example.tokens.at(-1)!,
  ];
  const ids: number[] = [];
  const options = { temperature: 0, maxTokens: ANSWER_TOKENS, stopTokens: ends };
  for await (const { id, finishReason } of generateTokens(model, [prompt], options))
    if (finishReason !== 'stop' && id < tokenizer.vocabSize) ids.push(id);
  return [{ prompt: tokenizer.decode(prompt), text: tokenizer.decode(ids) }];
}
