/** A prompt as the text of a prompt file. */
import { stringify } from 'yaml';
import type { Example } from './examples.js';
import type { PromptFile } from './prompt-file.js';
import { type Settings, settingsSchema } from './settings.js';
import { templateSource } from './template.js';
import { typedValues } from './values.js';

/**
 * The text that reads as this prompt again. Examples stand in it, or are said to be in the file `from` beside it.
 * @param notes lines of comment at the top of the settings
 */
export function formatPromptFile(
  file: PromptFile,
  { from, notes = [] }: { from?: string; notes?: readonly string[] } = {},
): string {
  const { settings, body, pool } = file;
  const { output, examples } = settings;
  const plainLabels = output.kind === 'labels' && Object.entries(output.labels).every(([name, text]) => name === text);
  const sampling = unusual(settings.sampling, settingsSchema.parse({}).sampling);
  const shown = {
    ...(settings.description !== undefined && { description: settings.description }),
    ...(settings.model !== undefined && { model: settings.model }),
    ...(settings.adapters.length > 0 && { adapters: settings.adapters }),
    ...(Object.keys(sampling).length > 0 && { sampling }),
    ...(Object.keys(settings.input).length > 0 && { input: mapValues(settings.input) }),
    output: outputOf(output, plainLabels),
    ...(settings.metric !== undefined && { metric: settings.metric }),
    ...(body.hasExamples && {
      examples: {
        count: examples.count ?? pool.length,
        ...(examples.select !== 'fixed' && { select: examples.select }),
        ...(examples.select === 'random' && { seed: examples.seed }),
        ...(examples.separator !== '\n\n' && { separator: examples.separator }),
        ...(from === undefined
          ? pool.length > 0 && { items: pool.map((each) => exampleRow(each, settings)) }
          : { from }),
      },
    }),
  };
  const comment = notes.map((note) => `# ${note.replaceAll(/\s+/g, ' ')}\n`).join('');
  return `---\n${comment}${stringify(shown, { lineWidth: 0, blockQuote: false })}---\n${bodyText(file)}\n`;
}

/** An example as a line of a data file has it. */
export function exampleRow({ values, answer }: Example, { input, output }: Settings): Record<string, unknown> {
  return { ...typedValues(values, input), answer: output.kind === 'schema' ? parsed(answer) : answer };
}

/** Without what is as it would be anyway. */
function unusual(given: Settings['sampling'], usual: Settings['sampling']): Record<string, unknown> {
  const names = Object.keys(given) as (keyof Settings['sampling'])[];
  const different = names.filter((name) => JSON.stringify(given[name]) !== JSON.stringify(usual[name]));
  return Object.fromEntries(different.map((name) => [name, given[name]]));
}

function mapValues(inputs: Settings['input']): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(inputs).map(([name, { required, ...input }]) => {
      const usual = required === (input.default === undefined);
      return [name, usual ? input : { ...input, required }];
    }),
  );
}

function outputOf(output: Settings['output'], plainLabels: boolean): unknown {
  if (output.kind === 'text') return 'text';
  if (output.kind === 'schema') return { schema: output.schema };
  const { labels, calibrate } = output;
  return { labels: plainLabels ? Object.keys(labels) : labels, ...(calibrate !== 'none' && { calibrate }) };
}

function bodyText({ body }: PromptFile): string {
  const question = body.bridge.length > 0 ? `${templateSource(body.bridge)}{{turn}}\n` : '';
  const marks = body.hasExamples ? `{{examples}}\n${question}` : '';
  const answer = body.hasAnswer ? '{{answer}}' : '';
  return `${templateSource(body.introduction)}${marks}${templateSource(body.turn)}${answer}${body.ending.replaceAll('{{', '\\{{')}`;
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return json;
  }
}
