import {readPreferences} from 'telar/align';import {byteTokenizer} from 'telar/tokenizer';import {splitIntoParts} from 'telar/classify';
import {wordReward} from './hh-reward/words.mjs';
const {pairs}=await readPreferences(['/work/shared/data/hh-rlhf/harmless-test.jsonl.gz'],{tokenizer:byteTokenizer(),template:null,context:100000,skipBad:true});
const t=byteTokenizer();const ans=e=>t.decode(e.tokens.filter((_,i)=>e.learned[i]===1).subarray(0,-1)).trim();
const texts=pairs.map(p=>({chosen:ans(p.chosen),rejected:ans(p.rejected)}));
for(const seed of [0,1]){const part=splitIntoParts(pairs.map(p=>p.prompt[0].content),new Uint8Array(pairs.length),5,seed);
let tot=0;for(let k=0;k<5;k++){const inn=x=>(x+1+k)%5;const tr=texts.filter((_,i)=>part[i]!==k&&part[i]!==(k+1)%5),v=texts.filter((_,i)=>part[i]===(k+1)%5),h=texts.filter((_,i)=>part[i]===k);
const {margin,penalty}=wordReward(tr,v);const ok=h.filter(p=>margin(p)>0).length;tot+=ok;console.log(seed,k,h.length,penalty,(ok/h.length).toFixed(4));}
console.log('all',(tot/texts.length).toFixed(4));}
