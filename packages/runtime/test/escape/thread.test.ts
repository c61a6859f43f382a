import { describeEscapes } from './suite.ts';

describeEscapes('thread');
