import { describe, expect, it } from 'vitest';
import { byteTokenizer } from '../tokenizer/index.js';
import { Conversation } from './conversation.js';

describe('Conversation', () => {
  it('writes a script that the model goes on with', () => {
    const conversation = new Conversation(byteTokenizer(), 1000);
    expect(conversation.prompt('Who are you?')).toBe('User: Who are you?\nAssistant:');
    conversation.add('Who are you?', ' A model.\n');
    expect(conversation.prompt('Really?')).toBe('User: Who are you?\nAssistant: A model.\nUser: Really?\nAssistant:');
    conversation.reset();
    expect(conversation.prompt('Hm')).toBe('User: Hm\nAssistant:');
  });

  it('forgets the oldest turns first, and refuses a question that has no room', () => {
    const conversation = new Conversation(byteTokenizer(), 64);
    conversation.add('first', 'one');
    conversation.add('second', 'two');
    const prompt = conversation.prompt('third');
    expect(prompt).not.toContain('first');
    expect(prompt).toContain('second');
    expect(Buffer.byteLength(prompt) + 1).toBeLessThanOrEqual(64);
    expect(() => conversation.prompt('x'.repeat(100))).toThrow(/too long: 1\d\d tokens, and there is room for 64/);
  });
});
