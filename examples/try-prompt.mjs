import {parts,lm,L,report,M} from './try.mjs';
const n=+(process.env.N??20);const T=Date.now();
const initial=process.env.INIT==='text'?M.embeddingsOf(lm,'Is this message spam, unwanted advertising sent to many, or ham, a message that somebody wanted to get? Type: ham Type: spam',n):undefined;
const {trained}=await M.tuneAdapter(lm,{kind:'prompt',virtualTokens:n},parts,{epochs:+(process.env.E??2),size:16,learningRate:+(process.env.LR??0.1),length:L,initial},console.log);
console.log('s',(Date.now()-T)/1000,trained);report('prompt');
