// Random schemas, and whether everything that is generated for them is valid.
import { Ajv2020 } from 'ajv/dist/2020.js';
import { formats } from '../dist/generate/constraint/formats.js';
import { RandomSchemas } from '../dist/generate/constraint/random-schema.js';
import { randomTokens } from '../dist/generate/constraint/samples.js';
import { generateText, jsonSchemaConstraint } from '../dist/generate/index.js';
import { Random } from '../dist/io/hash-random.js';
import { initializeTransformer, newModelConfig } from '../dist/model/index.js';
import { byteTokenizer } from '../dist/tokenizer/index.js';

const limit = 160;
/** Random tokens get from this many on. */
const least = 60;
const patterns = Object.fromEntries(
  Object.entries(formats).map(([name, pattern]) => [name, new RegExp(`^(?:${pattern})$`, 'u')]),
);

export async function validityBench(wanted) {
  const tokenizer = byteTokenizer();
  const sizes = { vocabSize: tokenizer.vocabSize, context: 256, layers: 1, width: 16, heads: 2 };
  const model = initializeTransformer(newModelConfig('llama', sizes), 3);
  const random = new Random(1);
  const counts = { schemas: 0, 'from the model': 0, 'from random tokens': 0, invalid: 0 };
  const refused = new Map();
  for (let seed = 0; counts.schemas < wanted; seed++) {
    const schema = new RandomSchemas(seed).schema();
    let constraint;
    try {
      constraint = jsonSchemaConstraint(schema, tokenizer);
      constraint.start({ maxTokens: least });
    } catch (error) {
      if (error.name !== 'InputError') throw error;
      const reason = error.message.replace(/#\S*|\d+/g, '').trim();
      refused.set(reason, (refused.get(reason) ?? 0) + 1);
      continue;
    }
    counts.schemas++;
    const ajv = new Ajv2020({ strict: false, multipleOfPrecision: 3, formats: patterns });
    const validate = ajv.compile(schema);
    const check = (text, from) => {
      let valid = false;
      try {
        valid = validate(JSON.parse(text));
      } catch {}
      counts[from]++;
      if (!valid) {
        counts.invalid++;
        console.log(
          `seed ${seed}, ${from}: ${text}\n  ${JSON.stringify(schema)}\n  ${ajv.errorsText(validate.errors)}`,
        );
      }
    };
    const options = { constraint, temperature: 2, seed, maxTokens: limit };
    for (const { text } of await generateText(model, tokenizer, ['a', 'b', 'c'], options))
      check(text, 'from the model');
    for (let i = 0; i < 5; i++)
      check(tokenizer.decode(randomTokens(constraint, least + random.int(limit), random)), 'from random tokens');
  }
  model.dispose();
  console.log(counts);
  console.log('left out:', Object.fromEntries(refused));
}
