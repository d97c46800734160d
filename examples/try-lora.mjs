import {parts,lm,L,report,M} from './try.mjs';
const T=Date.now();const {adapter,trained}=await M.tuneAdapter(lm,M.lora(lm,+(process.env.R??8)),parts,{epochs:+(process.env.E??2),size:16,learningRate:+(process.env.LR??2e-3),length:L},console.log);
console.log('s',(Date.now()-T)/1000,trained);report('lora');
