import { describeEscapes } from './suite.ts';

describeEscapes('process');
