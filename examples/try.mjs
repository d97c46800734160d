import {readCorpus,splitMessages} from '/work/wt-examples/examples/spam/data.mjs';
import {labelPrompt} from '/work/wt-examples/examples/spam/label-batches.mjs';
import * as M from '/work/wt-examples/examples/spam/methods.mjs';
import {score,above,bestThreshold} from '/work/wt-examples/examples/spam/score.mjs';
import {loadLanguageModel} from 'telar/generate';
const parts=splitMessages(readCorpus());
const lm=loadLanguageModel('/work/wt-examples/runs/spam/base/final');
const L=+(process.env.L??160);
const te=parts.test.map(m=>labelPrompt(lm.tokenizer,m,L)), va=parts.validation.map(m=>labelPrompt(lm.tokenizer,m,L));
const f=x=>x.toFixed(4);
function report(name){const s=M.labelScores(lm,te),v=M.labelScores(lm,va);const t=bestThreshold(parts.validation,v);console.log(name,'F1@0',f(score(parts.test,above(s,0)).macroF1),'F1@val',f(score(parts.test,above(s,t.threshold)).macroF1),'val',f(t.f1),'valCE',f(M.crossEntropy(parts.validation,v)), 'testCE',f(M.crossEntropy(parts.test,s)))}
export {parts,lm,L,te,va,report,M};
