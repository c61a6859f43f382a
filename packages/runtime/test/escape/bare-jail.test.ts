import { describeEscapes } from './suite.ts';

describeEscapes('bare jail');
