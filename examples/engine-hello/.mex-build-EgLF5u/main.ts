import { revealEngine } from '@mex/engine-sdk/bundle';
import engine from '/work/main/examples/engine-hello/src/engine.ts';

__mex_register__(revealEngine(engine));
