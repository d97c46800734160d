/** Which tokens are learned, written down by hand, token by token: a line each, learned ones marked. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ChatMessage, ChatTemplate } from './chat-template.js';
import {
  chatMl,
  chatMlTokenizer,
  inst,
  instTokenizer,
  llama3,
  llama3Tokenizer,
  standardTokenizer,
  thinking,
  withGeneration,
} from './chat-template-fixtures.js';
import { chatPromptTokens, encodeMarked } from './chat-template-tokens.js';
import type { Tokenizer } from './types.js';

const system: ChatMessage = { role: 'system', content: 'Be brief' };
const turn = (question: string, answer: string): ChatMessage[] => [
  { role: 'user', content: question },
  { role: 'assistant', content: answer },
];

/** Tokens with a star before those that are learned. */
function masked(template: ChatTemplate, tokenizer: Tokenizer, messages: readonly ChatMessage[]): string[] {
  const { tokens, learned } = encodeMarked(tokenizer, template.forTokenizer(tokenizer).spans(messages));
  return Array.from(tokens, (id, i) => `${learned[i] ? '*' : ' '}${Buffer.from(tokenizer.tokenBytes(id)).toString()}`);
}

const fixture = (text: string): string[] => text.split('|').map((token) => token.replaceAll('¦', '|'));

describe('masks', () => {
  it('ChatML', () => {
    const golden = fixture(
      ' <¦im_start¦>| system| \n| Be|  brief| <¦im_end¦>| \n' +
        '| <¦im_start¦>| user| \n| Hi| <¦im_end¦>| \n| <¦im_start¦>| assistant| \n|*Hi|*<¦im_end¦>| \n' +
        '| <¦im_start¦>| user| \n| Capital| <¦im_end¦>| \n| <¦im_start¦>| assistant| \n|*Lima|*<¦im_end¦>',
    );
    const messages = [system, ...turn('Hi', 'Hi'), ...turn('Capital', 'Lima')];
    expect(masked(new ChatTemplate(chatMl), chatMlTokenizer(), messages)).toEqual(golden);
    expect(masked(new ChatTemplate(withGeneration), chatMlTokenizer(), messages)).toEqual(golden);
  });

  it('Llama 3', () => {
    const opens = (role: string): string => ` <¦start_header_id¦>| ${role}| <¦end_header_id¦>| \n\n`;
    expect(
      masked(new ChatTemplate(llama3), llama3Tokenizer(), [system, ...turn('Hi', 'Hi'), ...turn('Capital', 'Lima')]),
    ).toEqual(
      fixture(
        ` <¦begin_of_text¦>|${opens('system')}| Be|  brief| <¦eot_id¦>` +
          `|${opens('user')}| Hi| <¦eot_id¦>|${opens('assistant')}|*Hi|*<¦eot_id¦>` +
          `|${opens('user')}| Capital| <¦eot_id¦>|${opens('assistant')}|*Lima|*<¦eot_id¦>`,
      ),
    );
  });

  it('the standard template', () => {
    expect(
      masked(ChatTemplate.standard, standardTokenizer(), [system, ...turn('Hi', 'Hi'), ...turn('Capital', 'Lima')]),
    ).toEqual(
      fixture(
        ' <¦endoftext¦>| Be|  brief| \n\n| User| :|  Hi| \n| Assistant| :|* Hi|*<¦endoftext¦>' +
          '| \n| User| :|  Capital| \n| Assistant| :|* Lima|*<¦endoftext¦>',
      ),
    );
  });

  it('[INST], with a tokenizer that puts a space before a text', () => {
    const asks = ' ▁| [| I| N| S| T| ]|  hello|  | [| /| I| N| S| T| ]'.replaceAll('▁', ' ');
    expect(
      masked(new ChatTemplate(inst), instTokenizer(), [...turn('hello', 'hello hello'), ...turn('hello', 'hel')]),
    ).toEqual(fixture(` <s>|${asks}|* hello|* hello|*</s>|${asks}|* hel|*</s>`));
  });
});

describe('trained tokens', () => {
  const word = fc.constantFrom(
    'Hi',
    'Lima',
    ' ',
    '\n',
    '\n\n',
    'hello',
    'é',
    ':',
    '<|im_end|>',
    '</s>',
    '[INST]',
    '<|endoftext|>',
  );
  const text = fc.array(word, { minLength: 1, maxLength: 6 }).map((words) => words.join(''));
  const filled = text.filter((words) => words.trim() !== '');
  const conversations = fc.tuple(
    fc.option(filled, { nil: undefined }),
    fc.array(fc.tuple(filled, filled), { minLength: 1, maxLength: 4 }),
  );

  it.each([
    ['ChatML', chatMl, chatMlTokenizer()],
    ['Llama 3', llama3, llama3Tokenizer()],
    ['standard', ChatTemplate.standard.source, standardTokenizer()],
    ['[INST]', inst, instTokenizer()],
    ['thinking left out', thinking, chatMlTokenizer()],
    ['generation blocks', withGeneration, chatMlTokenizer()],
  ] as const)('%s: each answer stands behind the tokens that a chat gives the model', (_, source, tokenizer) => {
    const template = new ChatTemplate(source).forTokenizer(tokenizer);
    fc.assert(
      fc.property(conversations, ([first, turns]) => {
        const messages: ChatMessage[] = [
          ...(first === undefined ? [] : [{ role: 'system' as const, content: first }]),
          ...turns.flatMap(([question, answer]) => turn(question, answer)),
        ];
        const trained = template.trainingTexts(messages).map((marked) => encodeMarked(tokenizer, marked));
        // Where each learned stretch begins, with all tokens before it.
        const before = trained.flatMap(({ tokens, learned }) =>
          Array.from(tokens.keys())
            .filter((i) => learned[i] === 1 && learned[i - 1] === 0)
            .map((i) => tokens.subarray(0, i).join(' ')),
        );
        const prompts = messages.flatMap(({ role }, i) =>
          role === 'assistant' ? [chatPromptTokens(template, tokenizer, messages.slice(0, i)).join(' ')] : [],
        );
        expect(before).toEqual(prompts);
        // Each stretch ends in the end of turn, the only special token in it whatever the message spells.
        for (const { tokens, learned } of trained)
          for (const i of tokens.keys())
            if (learned[i]) expect(tokenizer.isSpecial(tokens[i]!)).toBe(learned[i + 1] !== 1);
      }),
      { numRuns: 60 },
    );
  });
});
