import { expect, it } from 'vitest';
import { identifyLanguage } from './index.js';

it.each([
  ['en', 'The committee will meet again on Thursday to discuss the new school building and its costs.'],
  ['de', 'Der Ausschuss trifft sich am Donnerstag wieder, um über das neue Schulgebäude zu sprechen.'],
  ['fr', 'Le comité se réunira de nouveau jeudi pour parler du nouveau bâtiment de l’école.'],
  ['es', 'El comité se reunirá otra vez el jueves para hablar del nuevo edificio de la escuela.'],
  ['ru', 'Комитет снова соберётся в четверг, чтобы обсудить новое здание школы и расходы на него.'],
  ['ar', 'ستجتمع اللجنة مرة أخرى يوم الخميس لمناقشة مبنى المدرسة الجديد وتكاليفه.'],
  ['zh', '委员会将于星期四再次开会，讨论新校舍及其费用。'],
  ['ja', '委員会は木曜日に再び集まり、新しい校舎とその費用について話し合います。'],
  ['vi', 'Ủy ban sẽ họp lại vào thứ Năm để thảo luận về tòa nhà trường học mới và chi phí của nó.'],
  ['my', 'ကော်မတီသည် ကြာသပတေးနေ့တွင် ထပ်မံတွေ့ဆုံမည်ဖြစ်သည်။'],
  ['km', 'គណៈកម្មាធិការនឹងជួបជុំគ្នាម្តងទៀតនៅថ្ងៃព្រហស្បតិ៍'],
])('tells %s', (language, text) => {
  const found = identifyLanguage(text);
  expect(found.language).toBe(language);
  expect(found.confidence).toBeGreaterThan(0);
  expect(found.confidence).toBeLessThanOrEqual(1);
});

it('says "und" where there is nothing to tell from', () => {
  for (const text of ['', '   ', '12345 67 89', '!!! ??? ...', '\ud800'])
    expect(identifyLanguage(text)).toEqual({ language: 'und', confidence: 0 });
});

it('reads the beginning, the middle and the end: a heading in another language does not decide', () => {
  const body = 'The committee will meet again on Thursday to discuss the new school building. '.repeat(200);
  const heading = 'Der Ausschuss trifft sich am Donnerstag wieder, um über das neue Gebäude zu sprechen. '.repeat(5);
  expect(identifyLanguage(heading + body).language).toBe('en');
});
