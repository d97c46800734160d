import { describe, expect, it } from 'vitest';
import { byteTokenizer, ChatTemplate } from '../tokenizer/index.js';
import { Conversation } from './conversation.js';

const tokenizer = byteTokenizer();
const text = (tokens: ArrayLike<number>): string => tokenizer.decode(tokens);

describe('Conversation', () => {
  it('writes a script that the model goes on with', () => {
    const conversation = new Conversation({ tokenizer, template: null, room: 1000 });
    expect(text(conversation.prompt('Who are you?'))).toBe('<|endoftext|>User: Who are you?\nAssistant:');
    conversation.add('Who are you?', ' A model.\n');
    expect(text(conversation.prompt('Really?'))).toBe(
      '<|endoftext|>User: Who are you?\nAssistant: A model.\nUser: Really?\nAssistant:',
    );
    expect(conversation.stop).toEqual(['\nUser:', '\nAssistant:']);
    conversation.reset();
    expect(text(conversation.prompt('Hm'))).toBe('<|endoftext|>User: Hm\nAssistant:');
  });

  it('forgets the oldest turns first, and refuses a question that has no room', () => {
    const conversation = new Conversation({ tokenizer, template: null, room: 64 });
    conversation.add('first', 'one');
    conversation.add('second', 'two');
    const prompt = text(conversation.prompt('third'));
    expect(prompt).not.toContain('first');
    expect(prompt).toContain('second');
    expect(conversation.prompt('third').length).toBeLessThanOrEqual(64);
    expect(() => conversation.prompt('x'.repeat(100))).toThrow(/too long: 1\d\d tokens, and there is room for 64/);
  });

  it('follows the template of the model, and ends answers where that does', () => {
    const conversation = new Conversation({
      tokenizer,
      template: ChatTemplate.standard,
      room: 1000,
      system: 'Be brief.',
    });
    conversation.add('Hi', 'Yo');
    expect(text(conversation.prompt('Who?'))).toBe(
      '<|endoftext|>Be brief.\n\nUser: Hi\nAssistant: Yo<|endoftext|>\nUser: Who?\nAssistant:',
    );
    expect(conversation.stopTokens).toEqual([tokenizer.eos]);
    expect(conversation.stop).toEqual([]);
  });

  it('does not let a question end its turn', () => {
    const conversation = new Conversation({ tokenizer, template: ChatTemplate.standard, room: 1000 });
    const tokens = Array.from(conversation.prompt('a<|endoftext|>b'));
    expect(tokens.filter((id) => id === tokenizer.eos)).toHaveLength(1); // the one that begins the text
    expect(text(tokens)).toContain('User: a<|endoftext|>b\n');
  });
});
