/** A small model directory with adapters of every method beside it, for tests. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Random } from '../../src/io/hash-random.js';
import {
  type AdapterConfig,
  initializeTransformer,
  loraTargets,
  newAdapter,
  newModelConfig,
  saveTransformer,
  writeAdapter,
} from '../../src/model/index.js';
import { byteTokenizer, saveTokenizer } from '../../src/tokenizer/index.js';

/** A chat template that no model has by default. */
export const TEMPLATE =
  "{% for message in messages %}<{{ message['role'] }}>{{ message['content'] }}{{ eos_token }}{% endfor %}{% if add_generation_prompt %}<assistant>{% endif %}";

const config = newModelConfig('llama', {
  vocabSize: 257,
  context: 64,
  layers: 2,
  width: 32,
  heads: 4,
  kvHeads: 2,
  eosTokenIds: [256],
});
const targets = loraTargets(config);
const lora = { kind: 'lora', rank: 2, alpha: 4, rslora: false, dora: false, targets, modulesToSave: [] } as const;

/**
 * Writes `base` and `narrow` (models), and in `adapters/`: `lora` (names its base), `dora` (names none), `prompt`, `prefix`,
 * and `lost` (names a base that is not there).
 */
export function writeAdapterFolders(folder: string): void {
  const at = (name: string): string => join(folder, name);
  const model = initializeTransformer(config, 1);
  const tokenizer = byteTokenizer();
  saveTransformer(model, at('base'), {
    addFiles: (path) => {
      saveTokenizer(tokenizer, path);
      const file = join(path, 'tokenizer_config.json');
      const json = JSON.parse(readFileSync(file, 'utf8')) as object;
      writeFileSync(file, JSON.stringify({ ...json, chat_template: TEMPLATE }));
    },
  });
  const write = (name: string, adapterConfig: AdapterConfig, baseModel?: string): void => {
    const adapter = newAdapter(model, adapterConfig, { seed: 7 });
    const random = new Random(7, 99);
    for (const value of adapter.parameters.values()) value.data.set(value.data.map((x) => x + random.normal() * 0.3));
    writeAdapter(at(name), adapter, model, baseModel === undefined ? {} : { baseModel });
    adapter.dispose();
  };
  mkdirSync(at('adapters'));
  write('adapters/lora', lora, '../../base');
  write('adapters/dora', { ...lora, dora: true, targets: ['attn.q'] });
  write('adapters/prompt', { kind: 'prompt', virtualTokens: 5 }, at('base'));
  write('adapters/prefix', { kind: 'prefix', virtualTokens: 5 });
  write('adapters/lost', lora, 'meta/nowhere');
  model.dispose();
  const narrow = initializeTransformer(newModelConfig('llama', { ...config, width: 16, headDim: 4, hidden: 32 }), 1);
  saveTransformer(narrow, at('narrow'), { addFiles: (path) => saveTokenizer(tokenizer, path) });
  narrow.dispose();
}
