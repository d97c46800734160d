/**
 * The chat template for a base model that has none: plain lines that need no new tokens, the end-of-text token as the
 * end of an answer.
 *
 *     <|endoftext|>You answer briefly.
 *
 *     User: Who are you?
 *     Assistant: A model.<|endoftext|>
 *
 * Any other implementation of Jinja makes the same text of it.
 */
export const standardTemplate = [
  '{{- bos_token or eos_token }}',
  '{%- for message in messages %}',
  "{%- if message['role'] == 'system' %}",
  "{{- message['content'] | trim + '\\n\\n' }}",
  "{%- elif message['role'] == 'user' %}",
  "{{- 'User: ' + message['content'] | trim + '\\n' }}",
  "{%- elif message['role'] == 'assistant' %}",
  "{{- 'Assistant: ' + message['content'] | trim + eos_token + '\\n' }}",
  '{%- else %}',
  "{{- raise_exception('unknown role ' + message['role']) }}",
  '{%- endif %}',
  '{%- endfor %}',
  '{%- if add_generation_prompt %}',
  "{{- 'Assistant:' }}",
  '{%- endif %}',
].join('\n');
