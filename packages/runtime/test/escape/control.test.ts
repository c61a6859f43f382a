import { describeEscapes } from './suite.ts';

describeEscapes('control');
