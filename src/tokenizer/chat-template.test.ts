import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { InputError } from '../io/errors.js';
import { byteTokenizer } from './bytes.js';
import { type ChatMessage, ChatTemplate } from './chat-template.js';
import { saveChatTemplate } from './chat-template-files.js';
import { chatMl, chatMlTokenizer, inst, instTokenizer, thinking } from './chat-template-fixtures.js';
import { saveTokenizer } from './folder.js';

const messages: ChatMessage[] = [
  { role: 'user', content: 'Hi' },
  { role: 'assistant', content: 'Yo' },
];
const ask = messages.slice(0, 1);
const root = mkdtempSync(join(tmpdir(), 'telar-template-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let count = 0;
function folderWith(config: unknown): string {
  const folder = mkdtempSync(join(root, String(count++)));
  if (config !== undefined) writeFileSync(join(folder, 'tokenizer_config.json'), JSON.stringify(config));
  return folder;
}

describe('ChatTemplate.load', () => {
  it('reads a text, a list of named ones, and a file that takes precedence', () => {
    expect(ChatTemplate.load(folderWith(undefined))).toBeNull();
    expect(ChatTemplate.load(folderWith({ eos_token: '</s>' }))).toBeNull();
    const config = { chat_template: '{{ messages[0].content }}{{ eos_token }}', eos_token: { content: '</s>' } };
    const folder = folderWith(config);
    expect(ChatTemplate.load(folder)!.render(ask, { generationPrompt: false })).toBe('Hi</s>');
    writeFileSync(join(folder, 'chat_template.jinja'), 'file');
    expect(ChatTemplate.load(folder)!.source).toBe('file');
    const named = [
      { name: 'tools', template: 'a' },
      { name: 'default', template: 'b' },
    ];
    expect(ChatTemplate.load(folderWith({ chat_template: named }))!.source).toBe('b');
  });

  it('names the file of a template that is damaged', () => {
    expect(() => ChatTemplate.load(folderWith({ chat_template: 3 }))).toThrow(
      /tokenizer_config\.json: chat_template: expected a text/,
    );
    expect(() => ChatTemplate.load(folderWith({ chat_template: '{% if %}' }))).toThrow(
      /chat_template: not a Jinja template/,
    );
  });

  it('finds what was saved, whatever else the config has', () => {
    const folder = folderWith(undefined);
    saveTokenizer(byteTokenizer(), folder);
    saveChatTemplate(ChatTemplate.standard, folder);
    expect(JSON.parse(readFileSync(join(folder, 'tokenizer_config.json'), 'utf8'))).toMatchObject({
      eos_token: '<|endoftext|>',
      chat_template: ChatTemplate.standard.source,
    });
    expect(ChatTemplate.load(folder)!.render(ask, { generationPrompt: true })).toBe(
      '<|endoftext|>User: Hi\nAssistant:',
    );
    saveTokenizer(byteTokenizer(), folder);
    expect(ChatTemplate.load(folder)!.source).toBe(ChatTemplate.standard.source);
  });
});

describe('templates that cannot be learned with', () => {
  const make = (source: string): ChatTemplate => new ChatTemplate(source).forTokenizer(chatMlTokenizer());
  const turns = "{% for m in messages %}{{ '<|im_start|>' + m.role + '\\n' + m.content + END }}{% endfor %}";
  it.each([
    [
      'no generation prompt',
      turns.replace('END', "'<|im_end|>\\n'"),
      /has no generation prompt: write "<\|im_start\|>assistant\\n" at its end/,
    ],
    [
      'no end of turn',
      `${turns.replace('END', "''")}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}`,
      /nothing behind an answer/,
    ],
    [
      'another generation prompt than answers have',
      `${turns.replace('END', "'<|im_end|>'")}{% if add_generation_prompt %}<|im_start|>assistant\n<think>\n{% endif %}`,
      /an answer does not follow its generation prompt: that has ".*<think>/,
    ],
    [
      'no answers',
      "{% for m in messages %}{{ m.content if m.role == 'user' }}{% endfor %}",
      /does not write the messages of the assistant/,
    ],
  ])('%s', (_, source, message) => {
    expect(() => make(source).spans(messages)).toThrow(InputError);
    expect(() => make(source).spans(messages)).toThrow(message);
    expect(() => make(source).endOfTurn).toThrow(message);
  });

  it('gives the words of a template that refuses', () => {
    const template = new ChatTemplate(inst).forTokenizer(instTokenizer());
    expect(() => template.render([...ask, ...ask], { generationPrompt: false })).toThrow(
      /refuses this: roles must alternate/,
    );
  });
});

describe('templates that change earlier turns', () => {
  const long: ChatMessage[] = [
    { role: 'user', content: 'Hi' },
    { role: 'assistant', content: 'think</think>Hi' },
    { role: 'user', content: 'Capital of Peru' },
    { role: 'assistant', content: 'think</think>Lima' },
  ];
  it('take a text an answer', () => {
    const template = new ChatTemplate(thinking).forTokenizer(chatMlTokenizer());
    const texts = template.trainingTexts(long);
    expect(texts.map(({ text, assistant }) => assistant.map(([from, to]) => text.slice(from, to)))).toEqual([
      ['think</think>Hi<|im_end|>'],
      ['think</think>Lima<|im_end|>'],
    ]);
    expect(texts[1]!.text).not.toContain('</think>Hi');
    expect(() => template.spans(long)).toThrow(/takes 2 texts/);
    expect(template.spans(messages).assistant).toHaveLength(1);
  });
});

describe('a template from a stranger', () => {
  const loop = '{% for i in range(1000) %}';
  it.each([
    ['works for ever', `${loop}${loop}${loop}{% set x = i %}{% endfor %}{% endfor %}{% endfor %}`],
    ['writes without end', `{% set n = namespace(s='ab') %}${loop}{% set n.s = n.s + n.s %}{% endfor %}{{ n.s }}`],
    ['grows a list', `{% set n = namespace(s=[1, 2]) %}${loop}{% set n.s = n.s + n.s %}{% endfor %}`],
    ['asks for a long range', '{{ range(1000000000) | length }}'],
    ['calls itself', '{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}'],
    ['reaches for the runtime', "{{ messages.constructor.constructor('return process')() }}"],
  ])('%s: is stopped', (_, source) => {
    const template = new ChatTemplate(source);
    const begin = performance.now();
    expect(() => template.render(messages, { generationPrompt: false })).toThrow(InputError);
    expect(performance.now() - begin).toBeLessThan(20_000);
  });

  it('writes the same date every day', () => {
    expect(new ChatTemplate("{{ strftime_now('%d %b %Y') }}").render(ask, { generationPrompt: false })).toBe(
      '26 Jul 2024',
    );
  });

  it('is given a long conversation', () => {
    const template = new ChatTemplate(chatMl).forTokenizer(chatMlTokenizer());
    const long = Array.from({ length: 2000 }, (_, i): ChatMessage => messages[i % 2]!);
    expect(template.render(long, { generationPrompt: false }).length).toBeGreaterThan(50_000);
  });
});
